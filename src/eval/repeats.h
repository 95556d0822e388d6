// Repeated targets: held-out items that the user's history contains.
#pragma once

#include <cstdint>
#include <vector>

#include "data/split.h"
#include "eval/metrics.h"
#include "eval/ranking.h"

namespace elastic::eval {

/// True if the user's history contains the target, read by the model or not.
bool is_repeated(const data::Split& split, std::int32_t user, data::Subset subset);

/// The targets of the users with at least `min_history` events before the target.
TargetCounts count_targets(const data::Split& split,
                           data::Subset subset,
                           std::int64_t min_history = 0);

/// HR@10 and NDCG@10 of new and of repeated targets, "HR@10[new]"; empty if no target is repeated,
/// without the [new] if all are.
std::vector<MetricValue> metrics_by_repeat(const Ranking& ranking);

}  // namespace elastic::eval
