// What the rows of a batch tell their targets from where a loss does not look at all items.
#pragma once

#include <cstdint>
#include <tuple>

#include "tensor/segments.h"
#include "tensor/tensor.h"

namespace elastic {

/// m items, drawn once for all rows of a step, an item perhaps more than once.
struct SampledItems {
  Tensor rows;               ///< [m] int32: their rows of the table, 1 or more
  Tensor log_counts;         ///< [m], taken off their scores; undefined: nothing is
  Tensor target_log_counts;  ///< [R], off the targets' scores; defined where log_counts is
  /// Row r leaves out the items at the places of segment owners[r]. Undefined: nothing is left out.
  Tensor owners;           ///< [R] int32
  Segments excluded;       ///< a segment for each owner; may be empty
  Tensor excluded_places;  ///< int32, 0..m-1, each once in a segment
  [[nodiscard]] std::int64_t size() const { return rows.numel(); }
  [[nodiscard]] auto operands() const {
    return std::tie(rows, log_counts, target_log_counts, owners, excluded, excluded_places);
  }
};

/// What a row costs; see ops::sampled_cross_entropy.
struct SampledLoss {
  enum class Kind { kSoftmax, kBinary };
  Kind kind = Kind::kSoftmax;
  double target_power = 1.0;     ///< of kBinary: beta
  double negative_weight = 1.0;  ///< of kBinary: what a sampled item counts beside the target
};

}  // namespace elastic
