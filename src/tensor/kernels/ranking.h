// Ranks of targets and the best items, without stored scores.
#pragma once

#include "tensor/item_codes.h"
#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// ranks[r] = 1 + the number of items v in 1..V that score at least as much as the target, without
/// the target itself and row r's excluded items. Ties count against the model; a NaN score counts
/// as larger. hidden [R, D], table [V + 1, D], targets [R], excluded_ids: sorted within each of the
/// R segments of `excluded`, which may be empty.
struct RankTargets {
  static constexpr const char* kName = "rank_targets";
  const Tensor& hidden;
  const Tensor& table;
  const Tensor& targets;
  const Segments& excluded;
  const Tensor& excluded_ids;
  Tensor& ranks;
  ELASTIC_OPERANDS(hidden, table, targets, excluded, excluded_ids, ranks);
  double flops() const {
    return 2.0 * num_rows(hidden) * num_cols(hidden) * (num_rows(table) - 1.0);
  }
};

/// The best k items of each row without its excluded items, in descending order (ties: the smaller
/// id), padded with id 0 and score -inf. hidden [R, D], table [V + 1, D] -> ids, scores [R, k].
/// `codes`, if defined, encodes the same table: the CPU then reads fewer bytes for the same result.
struct TopK {
  static constexpr const char* kName = "top_k";
  const Tensor& hidden;
  const Tensor& table;
  const Segments& excluded;
  const Tensor& excluded_ids;
  Tensor& ids;
  Tensor& scores;
  ItemCodes codes{};
  ELASTIC_OPERANDS(hidden, table, excluded, excluded_ids, ids, scores, codes);
  double flops() const {
    return 2.0 * num_rows(hidden) * num_cols(hidden) * (num_rows(table) - 1.0);
  }
};

}  // namespace elastic::kernels
