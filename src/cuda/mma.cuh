// The tensor-core instruction of float32 products.
#pragma once

#include <cstdint>

namespace elastic::cuda {

/// A float as the tensor cores read it, rounded to the nearest TF32, ties away from zero; NaN stays
/// NaN.
__device__ __forceinline__ std::uint32_t to_tf32(float value) {
  std::uint32_t result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(value));
  return result;
}

/// c [16, 8] += a [16, 8] b [8, 8], spread over a warp: with g = lane / 4 and s = lane % 4, a lane
/// holds a(g, s), a(g + 8, s), a(g, s + 4), a(g + 8, s + 4); b(s, g), b(s + 4, g); and c(g, 2 s),
/// c(g, 2 s + 1), c(g + 8, 2 s), c(g + 8, 2 s + 1). PTX ISA, "mma.m16n8k8".
__device__ __forceinline__ void mma_tf32(float (&c)[4],
                                         const std::uint32_t (&a)[4],
                                         const std::uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

}  // namespace elastic::cuda
