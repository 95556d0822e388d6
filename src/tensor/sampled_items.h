// Negative items that a sampled loss scores against each row's target.
#pragma once

#include <cstdint>

#include "tensor/operands.h"
#include "tensor/row_lists.h"
#include "tensor/tensor.h"

namespace elastic {

/// m items, drawn once for all rows of a step, with repetition.
struct SampledItems {
  Tensor rows;               ///< [m] int32: their rows of the table, 1 or more
  Tensor log_counts;         ///< [m], subtracted from their scores; undefined: zero
  Tensor target_log_counts;  ///< [R], subtracted from the targets' scores; defined if log_counts is
  RowLists excluded;         ///< the places, 0..m-1, that a row ignores, each at most once
  [[nodiscard]] std::int64_t size() const { return rows.numel(); }
  ELASTIC_OPERANDS(rows, log_counts, target_log_counts, excluded);
};

/// The loss of a row; see ops::sampled_cross_entropy.
struct SampledLoss {
  enum class Kind { kSoftmax, kBinary };
  Kind kind = Kind::kSoftmax;
  double target_power = 1.0;     ///< kBinary: beta
  double negative_weight = 1.0;  ///< kBinary: weight of a sampled item, relative to the target
};

}  // namespace elastic
