// A table of items in one byte per element, for a first pass of top_k that reads a quarter of the
// memory. Answers do not change: the error of each score is bounded.
#pragma once

#include <cstdint>

#include "tensor/operands.h"
#include "tensor/tensor.h"

namespace elastic {

/// top_k uses codes for at most this many rows, for fewer on some CPUs: for more, one pass over the
/// table in float32 takes no longer.
inline constexpr std::int64_t kMostCodedRows = 16;
/// Items of a block, whose codes are next to each other.
inline constexpr std::int64_t kCodeBlock = 16;
/// The slots are a multiple of this number; those beyond the last item have scale 0.
inline constexpr std::int64_t kCodeSlots = 128;

/// Item v + 1 of the table, at slot v, is scale * i + e with whole numbers i in -127..127.
struct ItemCodes {
  /// [slots / 16 * groups * 16]: the word of group g of slot s is at (s / 16 * groups + g) * 16 +
  /// s % 16 and holds i + 128 of dimensions 4 g..4 g + 3, the first in the lowest byte; 128 for
  /// dimensions that the table lacks.
  Tensor words;
  Tensor scales;            ///< [slots], float32
  double code_norm = 0.0;   ///< at least the Euclidean norm of each item's i
  double error_norm = 0.0;  ///< at least the norm of each item's e, divided by its scale
  double largest_scale = 0.0;

  [[nodiscard]] bool defined() const { return words.defined(); }
  ELASTIC_OPERANDS(words, scales);
};

/// Encodes items 1..V of `table` [V + 1, D]. Undefined if the table is not float32 on the CPU, has
/// more than 65,536 dimensions, or holds a number that is not finite or exceeds 2^100.
ItemCodes encode_items(const Tensor& table);

}  // namespace elastic
