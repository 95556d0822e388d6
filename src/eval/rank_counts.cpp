#include "eval/rank_counts.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace elastic::eval {

RankCounts::RankCounts(std::span<const std::int32_t> ranks, int max_rank) : RankCounts(max_rank) {
  for (const std::int32_t rank : ranks) {
    add(slot_of(rank));
  }
}

std::size_t RankCounts::slot_of(std::int32_t rank) const {
  ELASTIC_CHECK(rank >= 1, "ranks count from 1, got ", rank);
  return std::min(static_cast<std::size_t>(rank - 1), counts_.size() - 1);
}

std::int64_t RankCounts::num_users() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

double RankCounts::mean_gain(Gain gain, int k) const {
  ELASTIC_CHECK(k >= 1 && static_cast<std::size_t>(k) < counts_.size(), "k ", k);
  const std::int64_t users = num_users();
  double sum = 0.0;
  for (int rank = 1; rank <= k; ++rank) {
    sum += gain(rank) * static_cast<double>(counts_[static_cast<std::size_t>(rank - 1)]);
  }
  return users == 0 ? 0.0 : sum / static_cast<double>(users);
}

std::vector<double> RankCounts::metrics(std::span<const UserMetric> metrics) const {
  std::vector<double> values;
  values.reserve(metrics.size());
  for (const UserMetric& metric : metrics) {
    values.push_back(mean_gain(metric.gain, metric.cutoff));
  }
  return values;
}

}  // namespace elastic::eval
