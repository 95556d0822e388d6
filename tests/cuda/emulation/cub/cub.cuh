// The two sorts of CUB that src/cuda uses, on the host.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "cuda_runtime.h"

namespace emulation {

template <class Key, class Value, class Before>
void sort_pairs(const Key* keys_in,
                Key* keys_out,
                const Value* values_in,
                Value* values_out,
                std::int64_t count,
                const Before& before) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return before(keys_in[a], keys_in[b]);
  });
  for (std::int64_t i = 0; i < count; ++i) {
    keys_out[i] = keys_in[order[static_cast<std::size_t>(i)]];
    values_out[i] = values_in[order[static_cast<std::size_t>(i)]];
  }
}

}  // namespace emulation

namespace cub {

struct DeviceRadixSort {
  template <class Key, class Value, class Count>
  static cudaError_t SortPairs(void* workspace,
                               std::size_t& bytes,
                               const Key* keys_in,
                               Key* keys_out,
                               const Value* values_in,
                               Value* values_out,
                               Count count,
                               int,
                               int,
                               cudaStream_t) {
    if (workspace == nullptr) {
      bytes = 1;
      return cudaSuccess;
    }
    emulation::submit([=] {
      emulation::sort_pairs(
          keys_in, keys_out, values_in, values_out, count, [](Key a, Key b) { return a < b; });
    });
    return cudaSuccess;
  }
};

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
