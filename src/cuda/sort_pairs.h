// A stable sort of pairs by keys that are not negative.
#pragma once

#include <cstdint>

namespace elastic::cuda {

/// sorted_keys and sorted_values [count] = the pairs of keys and values in ascending order of the
/// keys, equal ones in their order. Keys in 0..largest. All int32 on the device.
void sort_pairs(const char* op,
                std::int64_t count,
                std::int64_t largest,
                const std::int32_t* keys,
                const std::int32_t* values,
                std::int32_t* sorted_keys,
                std::int32_t* sorted_values);

}  // namespace elastic::cuda
