#include <algorithm>
#include <bit>
#include <cub/device/device_radix_sort.cuh>

#include "cuda/runtime.h"
#include "cuda/sort_pairs.h"

namespace elastic::cuda {

void sort_pairs(const char* op,
                std::int64_t count,
                std::int64_t largest,
                const std::int32_t* keys,
                const std::int32_t* values,
                std::int32_t* sorted_keys,
                std::int32_t* sorted_values) {
  const int bits =
      std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(largest))));
  std::size_t bytes = 0;
  const auto sort = [&](void* scratch) {
    check(cub::DeviceRadixSort::SortPairs(scratch,
                                          bytes,
                                          keys,
                                          sorted_keys,
                                          values,
                                          sorted_values,
                                          count,
                                          0,
                                          bits,
                                          runtime().stream()),
          op,
          "cub::SortPairs");
  };
  sort(nullptr);
  Tensor scratch = workspace<std::int32_t>(static_cast<std::int64_t>(bytes / 4 + 1));
  sort(scratch.raw_data());
}

}  // namespace elastic::cuda
