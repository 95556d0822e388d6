#include "eval/repeats.h"

#include <algorithm>
#include <span>

#include "base/error.h"

namespace elastic::eval {

bool is_repeated(const data::Split& split, std::int32_t user, data::Subset subset) {
  const std::span<const std::int32_t> history = split.history(user, subset);
  return std::find(history.begin(), history.end(), split.target(user, subset)) != history.end();
}

TargetCounts count_targets(const data::Split& split,
                           data::Subset subset,
                           std::int64_t min_history) {
  TargetCounts counts;
  for (const std::int32_t user : split.eval_users(subset)) {
    if (std::ssize(split.history(user, subset)) >= min_history) {
      counts.add(is_repeated(split, user, subset));
    }
  }
  return counts;
}

std::vector<MetricValue> metrics_by_repeat(const Ranking& ranking) {
  std::vector<MetricValue> metrics;
  if (ranking.num_repeated() == 0) {
    return metrics;
  }
  for (const bool repeated : {false, true}) {
    std::vector<std::int32_t> ranks;
    for (std::size_t i = 0; i < ranking.ranks.size(); ++i) {
      if (ranking.repeated[i] == repeated) {
        ranks.push_back(ranking.ranks[i]);
      }
    }
    if (!ranks.empty()) {
      const char* suffix = repeated ? "[repeated]" : "[new]";
      metrics.push_back({concat("HR@10", suffix), hit_at_k(ranks, 10)});
      metrics.push_back({concat("NDCG@10", suffix), ndcg_at_k(ranks, 10)});
    }
  }
  return metrics;
}

}  // namespace elastic::eval
