// Replaces src/cuda/mma.cuh: the same product by the layout that the PTX manual documents.
#pragma once

#include <cstdint>

#include "cuda_runtime.h"

namespace elastic::cuda {

inline std::uint32_t to_tf32(float value) {
  // Half of the lowest bit that stays, added to the magnitude, rounds to nearest.
  return value != value ? __float_as_uint(value) : (__float_as_uint(value) + 0x1000U) & ~0x1FFFU;
}

inline void mma_tf32(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  const std::uint32_t mine[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  const unsigned char* slots = emulation::publish(mine, sizeof(mine));
  const auto held = [&](unsigned int lane, unsigned int register_index) {
    std::uint32_t bits;
    std::memcpy(&bits, slots + 64 * lane + 4 * register_index, sizeof(bits));
    return __uint_as_float(bits & ~0x1FFFU);
  };
  // Element (i, k) of a, and (k, j) of b, from the lane that holds it.
  const auto at_a = [&](unsigned int i, unsigned int k) {
    return held(i % 8 * 4 + k % 4, (i >= 8 ? 1U : 0U) + (k >= 4 ? 2U : 0U));
  };
  const auto at_b = [&](unsigned int k, unsigned int j) {
    return held(j * 4 + k % 4, 4U + (k >= 4 ? 1U : 0U));
  };
  const unsigned int group = emulation::lane() / 4;
  const unsigned int slot = emulation::lane() % 4;
  for (unsigned int e = 0; e < 4; ++e) {
    for (unsigned int k = 0; k < 8; ++k) {
      c[e] += at_a(group + (e >= 2 ? 8 : 0), k) * at_b(k, 2 * slot + e % 2);
    }
  }
}

}  // namespace elastic::cuda
