// A result as it is published: metrics with their intervals, the popularity baseline beside them,
// and the protocol that made them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "eval/ranking.h"

namespace elastic::eval {

/// How a result came about. Two results compare only where these agree.
struct Protocol {
  std::string subset;  ///< "test" or "valid"
  std::string split;   ///< the rule, in words
  std::string split_hash;
  std::int64_t users = 0;        ///< evaluated
  std::int64_t min_history = 0;  ///< events that each of them has before the held-out one, at least
  std::int64_t longest_history = 0;  ///< the most that anybody has
  std::int64_t items = 0;            ///< ranked: the whole catalogue
  bool filter_seen = true;           ///< items of the user's history are left out
  std::string history;               ///< which events the model saw, in words
  std::int64_t max_len = 0;          ///< the latest so many of them
  std::int64_t checkpoint_epoch = 0;
  std::string checkpoint_metric;  ///< what chose that epoch
  std::uint64_t seed = 0;
  std::string loss;                                        ///< that the model was trained with
  std::vector<std::pair<std::string, std::string>> build;  ///< facts about the program
};

/// Users whose history holds `from`..`to` events.
struct LengthBucket {
  std::int32_t from = 0;
  std::int32_t to = 0;  ///< 0: no bound
  std::int64_t users = 0;
  double hit_at_10 = 0.0;
  double ndcg_at_10 = 0.0;
  double popularity_hit_at_10 = 0.0;
  double popularity_ndcg_at_10 = 0.0;
};

/// The report's metrics minus those of another ranking of the same users.
struct Comparison {
  std::string name;  ///< of the other
  std::vector<MetricValue> differences;
  std::vector<Interval> intervals;  ///< 95 %, paired by user
};

struct Report {
  std::vector<MetricValue> metrics;
  std::vector<Interval> intervals;  ///< 95 %, of `metrics` one by one
  std::vector<MetricValue> popularity;
  std::vector<LengthBucket> buckets;  ///< those with users
  double coverage = 0.0;              ///< share of the catalogue that stands in someone's top 10
  std::vector<Comparison> against;
  Protocol protocol;
};

/// `popularity` ranks the same users. The bootstrap draws with `protocol.seed`.
Report make_report(const Ranking& ranking, const Ranking& popularity, Protocol protocol);

/// Both rank the same users.
Comparison compare(const Ranking& ranking,
                   const Ranking& other,
                   const std::string& other_name,
                   std::uint64_t seed);

/// Version of the JSON form; grows when a key changes its meaning or goes.
inline constexpr int kReportSchemaVersion = 2;
nlohmann::ordered_json to_json(const Report& report);

}  // namespace elastic::eval
