// Ranks of targets and the best items, without stored scores.
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// ranks[r] = 1 + number of items v in 1..V, v != target and v not in row r's excluded ones, that
/// score >= the target: ties count against the model. A score that is not a number ranks above.
/// `excluded_ids` (sorted within a segment) under `excluded` (R segments, may be empty).
struct RankTargets {
  static constexpr const char* kName = "rank_targets";
  const Tensor& hidden;
  const Tensor& table;
  const Tensor& targets;
  const Segments& excluded;
  const Tensor& excluded_ids;
  Tensor& ranks;
  auto operands() const { return std::tie(hidden, table, targets, excluded, excluded_ids, ranks); }
  double flops() const {
    return 2.0 * num_rows(hidden) * num_cols(hidden) * (num_rows(table) - 1.0);
  }
};

/// The best `k` items of each row, in descending order (ties: the smaller id), excluded ones left
/// out; id 0 and score -inf where fewer remain. ids, scores [R, k].
struct TopK {
  static constexpr const char* kName = "top_k";
  const Tensor& hidden;
  const Tensor& table;
  const Segments& excluded;
  const Tensor& excluded_ids;
  Tensor& ids;
  Tensor& scores;
  auto operands() const { return std::tie(hidden, table, excluded, excluded_ids, ids, scores); }
  double flops() const {
    return 2.0 * num_rows(hidden) * num_cols(hidden) * (num_rows(table) - 1.0);
  }
};

}  // namespace elastic::kernels
