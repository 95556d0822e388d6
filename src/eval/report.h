// A result as it is published: metrics with their intervals, the popularity baseline beside them,
// and the protocol that made them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/item_popularity.h"
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
  std::string loss;                 ///< that the model was trained with
  std::uint64_t sampling_seed = 0;  ///< of the negatives, where there are any
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

/// Users whose held-out item is of a popularity group.
struct PopularityBucket {
  PopularityGroup group = PopularityGroup::kHead;
  std::int64_t fewest = 0;  ///< training events of an item in the group
  std::int64_t most = 0;    ///< 0: no bound, or none
  std::int64_t items = 0;   ///< of the catalogue
  std::int64_t users = 0;
  double hit_at_10 = 0.0;
  double ndcg_at_10 = 0.0;
  double popularity_hit_at_10 = 0.0;
  double popularity_ndcg_at_10 = 0.0;
};

/// Metrics among sampled candidates; their names carry the rule, "NDCG@10[uni:100]".
struct SampledReport {
  std::string candidates;
  std::int64_t short_users = 0;  ///< ranked among fewer candidates than the rule says
  std::vector<MetricValue> metrics;
  std::vector<Interval> intervals;  ///< 95 %, of `metrics` one by one
  std::vector<MetricValue> popularity;
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
  std::vector<LengthBucket> buckets;                 ///< those with users
  std::vector<PopularityBucket> popularity_buckets;  ///< those with users
  std::int64_t cold_items = 0;  ///< users whose held-out item has no training event: misses
  std::int64_t cold_users = 0;  ///< users without any history: not among the ranked
  // Of the users' top 10 lists:
  double coverage = 0.0;         ///< share of the catalogue that stands in any of them
  double gini = 0.0;             ///< how unequally often items stand in them
  double mean_popularity = 0.0;  ///< mean training events of what stands in them
  std::vector<SampledReport> sampled;
  ExpertUse experts;  ///< of these users
  std::vector<Comparison> against;
  Protocol protocol;
};

/// `popularity` ranks the same users, with the same samplers; `item_counts` as of training_counts.
/// The bootstrap draws with `protocol.seed`.
Report make_report(const Ranking& ranking,
                   const Ranking& popularity,
                   std::span<const std::int64_t> item_counts,
                   Protocol protocol);

/// Both rank the same users.
Comparison compare(const Ranking& ranking,
                   const Ranking& other,
                   const std::string& other_name,
                   std::uint64_t seed);

/// The names of all metrics of a report with these sampling rules: those of all_metrics, then with
/// each rule.
std::vector<std::string> metric_names(const std::vector<std::string>& candidates);
/// The metric of that name; it must be there.
double value_of(const Report& report, const std::string& name);

/// Version of the JSON form; grows when a key changes its meaning or goes.
inline constexpr int kReportSchemaVersion = 2;
nlohmann::ordered_json to_json(const Report& report);

}  // namespace elastic::eval
