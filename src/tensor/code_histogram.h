// Decayed histograms of codewords along ragged sequences: the input of LISA's attention (Wu et al.,
// arXiv 2105.14068).
#pragma once

#include <type_traits>

#include "tensor/operands.h"
#include "tensor/segments.h"
#include "tensor/tensor.h"

namespace elastic {

/// Items coded by C codebooks of W words each, and the tokens' item ids. With o_j the row ids[j] of
/// `occupancy`, or one-hot at the item's code if `occupancy` is undefined, count_t = sum over j <=
/// t of e^{-decay (t - j)} o_j, per codebook and word.
struct CodeHistogram {
  Tensor codes;      ///< [C, V + 1] int32
  Tensor occupancy;  ///< [V + 1, C, W], rows of weights >= 0; undefined: one-hot codes
  Tensor ids;        ///< [T] int32
  const Segments* segments = nullptr;
  double decay = 0.0;  ///< >= 0
  bool last_only =
      false;  ///< results for each segment's last token only: [segments, D], not [T, D]
  ELASTIC_OPERANDS(codes, occupancy, ids, *segments);
};

/// Smaller counts become zero. Such words occurred so long ago that they have no weight in T's
/// precision; without the bound their counts would decay to subnormal numbers, which are slow.
template <class T>
inline constexpr T kLeastCount = std::is_same_v<T, float> ? T(1e-30) : T(1e-290);

/// The exponentials of a word's scores are computed once, relative to its largest score. If a
/// token's weighted counts sum to less than this, no high-scoring word has occurred so far: its
/// exponentials are recomputed relative to the largest score among the words that have.
template <class T>
inline constexpr T kLeastTotal = std::is_same_v<T, float> ? T(1e-20) : T(1e-200);

/// Bound of the exponent: recomputed exponentials may overflow for words that have not occurred,
/// whose count is zero but has a gradient; e^score / sum is bounded by 1 / kLeastCount.
template <class T>
inline constexpr T kMostExponent = std::is_same_v<T, float> ? T(80) : T(700);

}  // namespace elastic
