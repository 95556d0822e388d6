// Decayed histograms of codewords along ragged sequences: the input of LISA's attention (Wu et al.,
// arXiv 2105.14068).
#pragma once

#include <tuple>
#include <type_traits>

#include "tensor/segments.h"
#include "tensor/tensor.h"

namespace elastic {

/// Items coded by C codebooks of W words each, and the tokens that name them. With o_j the row
/// ids[j] of `occupancy`, or one at the item's code where `occupancy` is undefined,
/// count_t = sum over j <= t of e^{-decay (t - j)} o_j, per codebook and word.
struct CodeHistogram {
  Tensor codes;      ///< [C, V + 1] int32
  Tensor occupancy;  ///< [V + 1, C, W], rows of weights >= 0; undefined: one at the code
  Tensor ids;        ///< [T] int32
  const Segments* segments = nullptr;
  double decay = 0.0;  ///< >= 0
  bool last_only =
      false;  ///< results for each segment's last token only: [segments, D], not [T, D]
  [[nodiscard]] auto operands() const { return std::tie(codes, occupancy, ids, *segments); }
};

/// Counts below this are none. They are words not met for so long that they carry no weight in
/// T's precision; left to fade, they would end as subnormal numbers, which are slow.
template <class T>
inline constexpr T kLeastCount = std::is_same_v<T, float> ? T(1e-30) : T(1e-290);

/// The exponentials of a word's scores are made once, relative to its largest score. A token whose
/// weighted counts sum to less than this has met none of the words that score high: its
/// exponentials are made again, relative to the largest score among the words it has met.
template <class T>
inline constexpr T kLeastTotal = std::is_same_v<T, float> ? T(1e-20) : T(1e-200);

/// Such exponentials may overflow for words not met, whose count is zero but has a gradient. Bound
/// of the exponent; e^score / sum is bounded by 1 / kLeastCount.
template <class T>
inline constexpr T kMostExponent = std::is_same_v<T, float> ? T(80) : T(700);

}  // namespace elastic
