// A sort of CUB that src/cuda uses, on the host.
#pragma once

#include "cub/host_sort.h"
#include "cuda_runtime.h"

namespace cub {

struct DeviceSegmentedRadixSort {
  template <class Key, class Value, class Begin, class End>
  static cudaError_t SortPairsDescending(void* workspace,
                                         std::size_t& bytes,
                                         const Key* keys_in,
                                         Key* keys_out,
                                         const Value* values_in,
                                         Value* values_out,
                                         int,
                                         int segments,
                                         Begin begins,
                                         End ends,
                                         int,
                                         int,
                                         cudaStream_t) {
    if (workspace == nullptr) {
      bytes = 1;
      return cudaSuccess;
    }
    emulation::submit([=] {
      for (int s = 0; s < segments; ++s) {
        const auto begin = static_cast<std::int64_t>(begins[s]);
        emulation::sort_pairs(keys_in + begin,
                              keys_out + begin,
                              values_in + begin,
                              values_out + begin,
                              static_cast<std::int64_t>(ends[s]) - begin,
                              [](Key a, Key b) { return a > b; });
      }
    });
    return cudaSuccess;
  }
};

}  // namespace cub
