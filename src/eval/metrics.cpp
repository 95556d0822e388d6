#include "eval/metrics.h"

#include <algorithm>

#include "base/error.h"
#include "eval/rank_counts.h"
#include "eval/user_metric.h"

namespace elastic::eval {
namespace {

double mean_gain(std::span<const std::int32_t> ranks, int k, Gain gain) {
  ELASTIC_CHECK(k >= 1, "k ", k);
  double sum = 0.0;
  for (const std::int32_t rank : ranks) {
    ELASTIC_CHECK(rank >= 1, "ranks count from 1, got ", rank);
    sum += rank <= k ? gain(rank) : 0.0;
  }
  return ranks.empty() ? 0.0 : sum / static_cast<double>(ranks.size());
}

}  // namespace

double hit_at_k(std::span<const std::int32_t> ranks, int k) {
  return mean_gain(ranks, k, hit_gain);
}

double ndcg_at_k(std::span<const std::int32_t> ranks, int k) {
  return mean_gain(ranks, k, ndcg_gain);
}

std::vector<MetricValue> all_metrics(std::span<const std::int32_t> ranks, const Cutoffs& cutoffs) {
  const std::vector<UserMetric> named = user_metrics(cutoffs);
  const std::vector<double> values = RankCounts(ranks, cutoffs.values().back()).metrics(named);
  std::vector<MetricValue> metrics;
  for (std::size_t i = 0; i < named.size(); ++i) {
    metrics.push_back({named[i].name, values[i]});
  }
  return metrics;
}

double value_of(const std::vector<MetricValue>& metrics, const std::string& name) {
  const auto found = std::find_if(
      metrics.begin(), metrics.end(), [&](const MetricValue& m) { return m.name == name; });
  ELASTIC_CHECK(found != metrics.end(), "no metric ", name);
  return found->value;
}

}  // namespace elastic::eval
