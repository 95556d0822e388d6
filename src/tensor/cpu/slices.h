// Loops over the elements of a tensor, one slice per task.
#pragma once

#include <cstdint>

#include "tensor/cpu/parallel.h"

namespace elastic::cpu {

/// Elements of one task; a multiple of the dropout mask's block.
inline constexpr std::int64_t kElementSlice = 1 << 15;

/// Calls body(begin, size) for slices of 0..count-1.
template <class Body>
void for_slices(std::int64_t count, const Body& body) {
  const Tiles slices{count, kElementSlice};
  parallel_for(slices.count(), kElementWork * static_cast<double>(count), [&](std::int64_t s) {
    body(slices.begin(s), slices.end(s) - slices.begin(s));
  });
}

}  // namespace elastic::cpu
