#include "eval/user_metric.h"

#include "eval/metrics.h"

namespace elastic::eval {

std::vector<UserMetric> user_metrics() {
  std::vector<UserMetric> metrics;
  const std::vector<MetricValue> named = all_metrics({});
  for (const Gain gain : {hit_gain, ndcg_gain, mrr_gain, hit_gain}) {
    for (const int k : kCutoffs) {
      const std::size_t index = metrics.size();
      metrics.push_back({named[index].name, index, gain, k});
    }
  }
  return metrics;
}

std::vector<double> values_of(const UserMetric& metric,
                              std::span<const std::int32_t> ranks,
                              std::span<const std::size_t> users) {
  std::vector<double> values;
  values.reserve(users.size());
  for (const std::size_t user : users) {
    values.push_back(metric.value(ranks[user]));
  }
  return values;
}

}  // namespace elastic::eval
