// A stable sort of pairs on the host.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

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
