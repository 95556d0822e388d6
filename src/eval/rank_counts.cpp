#include "eval/rank_counts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace elastic::eval {

double hit_gain(int) {
  return 1.0;
}
double ndcg_gain(int rank) {
  return 1.0 / std::log2(1.0 + rank);
}
double mrr_gain(int rank) {
  return 1.0 / rank;
}

RankCounts::RankCounts(std::span<const std::int32_t> ranks) {
  for (const std::int32_t rank : ranks) {
    add(slot_of(rank));
  }
}

std::size_t RankCounts::slot_of(std::int32_t rank) {
  ELASTIC_CHECK(rank >= 1, "ranks count from 1, got ", rank);
  return static_cast<std::size_t>(std::min(rank - 1, kMaxRank));
}

std::int64_t RankCounts::num_users() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

double RankCounts::mean_gain(Gain gain, int k) const {
  ELASTIC_CHECK(k >= 1 && k <= kMaxRank, "k ", k);
  const std::int64_t users = num_users();
  double sum = 0.0;
  for (int rank = 1; rank <= k; ++rank) {
    sum += gain(rank) * static_cast<double>(counts_[static_cast<std::size_t>(rank - 1)]);
  }
  return users == 0 ? 0.0 : sum / static_cast<double>(users);
}

std::array<double, 4 * kCutoffs.size()> RankCounts::metrics() const {
  std::array<double, 4 * kCutoffs.size()> values{};
  std::size_t next = 0;
  for (const Gain gain : {hit_gain, ndcg_gain, mrr_gain, hit_gain}) {
    for (const int k : kCutoffs) {
      values[next++] = mean_gain(gain, k);
    }
  }
  return values;
}

}  // namespace elastic::eval
