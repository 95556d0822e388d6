// The products of tensor/cpu/gemm.h with factors in bfloat16, rounded to nearest even, and sums in
// float32, by the unit that bf16_unit() names.
//
// Subnormal numbers are zero, as factors and as results. A row's result does not depend on other
// rows or on its place; the two units round sums in different orders.
#pragma once

#include <cstdint>

#include "tensor/cpu/gemm.h"

namespace elastic::cpu {

/// Sums of fewer terms stay with the functions in float32: rounding would take longer than it
/// saves.
inline constexpr std::int64_t kLeastDepth = 16;

/// `pack` of factor * b, in half of the same memory: panel p begins at packed + p * k *
/// panel_columns() and holds pairs of rows, [k / 2, panel_columns()] words of two numbers. k >=
/// kLeastDepth here and below.
void pack_bf16(std::int64_t k, std::int64_t n, View<float> b, float factor, float* packed);

/// The first summand of a product: rows `stride` elements apart, 0 for one row that is added to
/// all; nothing if `data` is null.
struct Start {
  const float* data = nullptr;
  std::int64_t stride = 0;
};

/// c [m, n] = start + a [m, k] b [k, n] with b packed by `pack_bf16`. `start` may be c.
void gemm_bf16(std::int64_t m,
               std::int64_t n,
               std::int64_t k,
               View<float> a,
               const float* packed_b,
               float* c,
               std::int64_t ldc,
               Start start);

/// `gemm_unpacked`.
void gemm_unpacked_bf16(std::int64_t m,
                        std::int64_t n,
                        std::int64_t k,
                        View<float> a,
                        const float* b,
                        std::int64_t ldb,
                        float* c,
                        std::int64_t ldc,
                        bool accumulate);

}  // namespace elastic::cpu
