// An evaluation report: metrics with intervals, the popularity baseline, and the protocol.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/item_popularity.h"
#include "eval/metrics.h"
#include "eval/ranking.h"
#include "eval/ranking_rules.h"

namespace elastic::eval {

/// A log that the model was not trained on.
struct OtherLog {
  std::string data_hash;
  std::int64_t users = 0;
  std::int64_t items = 0;
  std::int64_t unknown_items = 0;  ///< those of `items` that the model does not know
  std::int64_t events = 0;
};

/// The protocol of a result. Results are comparable only if their protocols agree.
struct Protocol {
  std::string subset;  ///< "test" or "valid"
  std::string split;   ///< description of the rule
  std::string split_hash;
  std::string trained_on;             ///< if not only on training events: on which events
  std::optional<OtherLog> other_log;  ///< only if the model was not trained on the data
  std::int64_t users = 0;             ///< number of evaluated users
  std::int64_t drawn_from = 0;        ///< if they were drawn: from this many; 0: all are evaluated
  std::int64_t min_history = 0;       ///< least number of events before the held-out one
  std::int64_t longest_history = 0;   ///< largest number of events before the held-out one
  std::int64_t items = 0;             ///< ranked items: the whole catalogue
  RankingRules rules{};               ///< for seen items and repeated targets
  Cutoffs cutoffs{};                  ///< of the metrics
  std::string history;                ///< description of the events that the model saw
  std::int64_t max_len = 0;           ///< the model reads at most this many of them, the latest
  std::string times;                  ///< description of the times that the model saw; "": none
  std::vector<std::string> mean_of;  ///< the runs, if their mean is ranked; the rest is the first's
  std::int64_t checkpoint_epoch = 0;
  std::string checkpoint_metric;  ///< the metric that selected the epoch
  std::uint64_t seed = 0;
  std::string loss;                 ///< training loss of the model
  std::string teacher;              ///< of a distilled model: the runs and their hashes; or empty
  std::string train_seen;           ///< "exclude" or "keep": seen items in the loss
  std::uint64_t sampling_seed = 0;  ///< of the negatives, if candidates are sampled
  std::vector<std::pair<std::string, std::string>> build;  ///< facts about the program
};

/// Users with `from`..`to` events in their history.
struct LengthBucket {
  std::int32_t from = 0;
  std::int32_t to = 0;  ///< 0: no bound
  std::int64_t users = 0;
  double hit_at_10 = 0.0;
  double ndcg_at_10 = 0.0;
  double popularity_hit_at_10 = 0.0;
  double popularity_ndcg_at_10 = 0.0;
};

/// Users with a held-out item in the popularity group.
struct PopularityBucket {
  PopularityGroup group = PopularityGroup::kHead;
  std::int64_t fewest = 0;  ///< lower bound of an item's training events in the group
  std::int64_t most = 0;    ///< upper bound; 0: no bound, or no events
  std::int64_t items = 0;   ///< number of items in the group
  std::int64_t users = 0;
  double hit_at_10 = 0.0;
  double ndcg_at_10 = 0.0;
  double popularity_hit_at_10 = 0.0;
  double popularity_ndcg_at_10 = 0.0;
};

/// Users whose held-out item is new to them, or repeated.
struct RepeatBucket {
  bool repeated = false;
  std::int64_t users = 0;
  double hit_at_10 = 0.0;
  double ndcg_at_10 = 0.0;
  double popularity_hit_at_10 = 0.0;
  double popularity_ndcg_at_10 = 0.0;
};

/// Metrics among sampled candidates; their names contain the rule: "NDCG@10[uni:100]".
struct SampledReport {
  std::string candidates;
  std::int64_t short_users = 0;  ///< users with fewer candidates than the rule's count
  std::vector<MetricValue> metrics;
  std::vector<Interval> intervals;  ///< 95 % intervals of `metrics`, in their order
  std::vector<MetricValue> popularity;
};

/// Metrics of the report minus those of another ranking of the same users.
struct Comparison {
  std::string name;  ///< of the other ranking
  std::vector<MetricValue> differences;
  std::vector<Interval> intervals;        ///< 95 % intervals of `differences`, paired by user
  std::string trained_on{};               ///< of the other model, as in Protocol
  std::optional<UnknownItems> unknown{};  ///< of the other model, if it was trained on another log
};

struct Report {
  std::vector<MetricValue> metrics;
  std::vector<Interval> intervals;  ///< 95 % intervals of `metrics`, in their order
  std::vector<MetricValue> popularity;
  std::vector<LengthBucket> buckets;                 ///< only non-empty ones
  std::vector<PopularityBucket> popularity_buckets;  ///< only non-empty ones
  std::vector<RepeatBucket> repeat_buckets;          ///< only non-empty ones
  TargetCounts targets;                              ///< those that the rules leave out included
  /// Users whose held-out item has no training event (misses); of another log: is unknown.
  std::int64_t cold_items = 0;
  std::int64_t cold_users = 0;          ///< users without history, who are not ranked
  std::optional<UnknownItems> unknown;  ///< only for a log that the model was not trained on
  // Statistics of the users' top-10 lists:
  double coverage = 0.0;         ///< share of the catalogue that occurs in some list
  double gini = 0.0;             ///< inequality of the number of occurrences of items
  double mean_popularity = 0.0;  ///< mean training events of the listed items
  std::vector<SampledReport> sampled;
  ExpertUse experts;  ///< of these users
  std::vector<Comparison> against;
  /// Minus a ranking in which each user has another user's experts (EvalOptions::swap_experts).
  std::optional<Comparison> swapped_experts;
  Protocol protocol;
};

/// Makes the report of `ranking`. `popularity` must rank the same users with the same samplers;
/// `item_counts` [V + 1] as returned by training_counts. The bootstrap uses `protocol.seed`.
Report make_report(const Ranking& ranking,
                   const Ranking& popularity,
                   std::span<const std::int64_t> item_counts,
                   Protocol protocol);

/// Compares two rankings of the same users; the bootstrap uses `seed`.
Comparison compare(const Ranking& ranking,
                   const Ranking& other,
                   const std::string& other_name,
                   std::uint64_t seed,
                   const Cutoffs& cutoffs = {});

/// The names of all metrics of a report with the sampling rules `candidates`: those of all_metrics,
/// then those of each rule.
std::vector<std::string> metric_names(const std::vector<std::string>& candidates,
                                      const Cutoffs& cutoffs = {});
/// The value of the metric `name`, which must be in the report.
double value_of(const Report& report, const std::string& name);

/// Version of the JSON format; increases when a key is removed or changes its meaning.
inline constexpr int kReportSchemaVersion = 2;
nlohmann::ordered_json to_json(const Report& report);

}  // namespace elastic::eval
