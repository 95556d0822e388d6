#include "eval/report.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "eval/history_buckets.h"

namespace elastic::eval {
namespace {

// Fills in the metrics of a bucket from the ranks of its users.
template <class Bucket, class Belongs>
void fill_bucket(const Ranking& ranking,
                 const Ranking& popularity,
                 const Belongs& belongs,
                 Bucket& bucket) {
  std::vector<std::int32_t> ranks;
  std::vector<std::int32_t> popularity_ranks;
  for (std::size_t i = 0; i < ranking.ranks.size(); ++i) {
    if (belongs(i)) {
      ranks.push_back(ranking.ranks[i]);
      popularity_ranks.push_back(popularity.ranks[i]);
    }
  }
  bucket.users = static_cast<std::int64_t>(ranks.size());
  bucket.hit_at_10 = hit_at_k(ranks, 10);
  bucket.ndcg_at_10 = ndcg_at_k(ranks, 10);
  bucket.popularity_hit_at_10 = hit_at_k(popularity_ranks, 10);
  bucket.popularity_ndcg_at_10 = ndcg_at_k(popularity_ranks, 10);
}

std::vector<LengthBucket> length_buckets(const Ranking& ranking, const Ranking& popularity) {
  std::vector<LengthBucket> buckets;
  for (const LengthRange& range : kHistoryBuckets) {
    LengthBucket bucket;
    bucket.from = range.from;
    bucket.to = range.to;
    fill_bucket(
        ranking,
        popularity,
        [&](std::size_t user) { return range.contains(ranking.history_lengths[user]); },
        bucket);
    if (bucket.users > 0) {
      buckets.push_back(bucket);
    }
  }
  return buckets;
}

std::vector<PopularityBucket> popularity_buckets(const Ranking& ranking,
                                                 const Ranking& popularity,
                                                 std::span<const std::int64_t> item_counts) {
  const PopularityGroups groups(item_counts);
  std::vector<PopularityBucket> buckets;
  for (const PopularityGroup group : kPopularityGroups) {
    PopularityBucket bucket;
    bucket.group = group;
    bucket.fewest = groups.fewest(group);
    bucket.most = groups.most(group);
    const auto items = item_counts.subspan(1);
    bucket.items = std::count_if(items.begin(), items.end(), [&](std::int64_t count) {
      return groups.group_of(count) == group;
    });
    fill_bucket(
        ranking,
        popularity,
        [&](std::size_t user) {
          const auto item = static_cast<std::size_t>(ranking.targets[user]);
          return groups.group_of(item_counts[item]) == group;
        },
        bucket);
    if (bucket.users > 0) {
      buckets.push_back(bucket);
    }
  }
  return buckets;
}

std::vector<RepeatBucket> repeat_buckets(const Ranking& ranking, const Ranking& popularity) {
  std::vector<RepeatBucket> buckets;
  for (const bool repeated : {false, true}) {
    RepeatBucket bucket;
    bucket.repeated = repeated;
    fill_bucket(
        ranking,
        popularity,
        [&](std::size_t user) { return ranking.repeated[user] == repeated; },
        bucket);
    if (bucket.users > 0) {
      buckets.push_back(bucket);
    }
  }
  return buckets;
}

std::vector<MetricValue> sampled_metrics(std::span<const std::int32_t> ranks,
                                         const std::string& candidates,
                                         const Cutoffs& cutoffs) {
  std::vector<MetricValue> metrics = all_metrics(ranks, cutoffs);
  for (MetricValue& metric : metrics) {
    metric.name = concat(metric.name, "[", candidates, "]");
  }
  return metrics;
}

BootstrapOptions bootstrap_options(std::uint64_t seed, const Cutoffs& cutoffs) {
  return {.seed = seed, .metrics = user_metrics(cutoffs)};
}

SampledReport sampled_report(const SampledRanks& sampled,
                             const SampledRanks& popularity,
                             const Protocol& protocol) {
  return {sampled.candidates,
          sampled.short_users,
          sampled_metrics(sampled.ranks, sampled.candidates, protocol.cutoffs),
          bootstrap_intervals(sampled.ranks, bootstrap_options(protocol.seed, protocol.cutoffs)),
          sampled_metrics(popularity.ranks, sampled.candidates, protocol.cutoffs)};
}

}  // namespace

Report make_report(const Ranking& ranking,
                   const Ranking& popularity,
                   std::span<const std::int64_t> item_counts,
                   Protocol protocol) {
  ELASTIC_CHECK(ranking.users == popularity.users, "the rankings are of different users");
  Report report;
  report.metrics = all_metrics(ranking.ranks, protocol.cutoffs);
  report.intervals =
      bootstrap_intervals(ranking.ranks, bootstrap_options(protocol.seed, protocol.cutoffs));
  report.popularity = all_metrics(popularity.ranks, protocol.cutoffs);
  report.buckets = length_buckets(ranking, popularity);
  report.popularity_buckets = popularity_buckets(ranking, popularity, item_counts);
  report.repeat_buckets = repeat_buckets(ranking, popularity);
  report.targets = ranking.targets_before_rules;
  for (std::size_t i = 0; i < ranking.users.size(); ++i) {
    const auto target = static_cast<std::size_t>(ranking.targets[i]);
    report.cold_items += item_counts[target] == 0 ? 1 : 0;
  }
  report.unknown = ranking.unknown;
  if (report.unknown) {  // the training events of the log are not the model's
    report.cold_items = report.unknown->targets;
  }
  report.cold_users = ranking.cold_users;
  report.coverage = coverage(ranking.listed);
  report.gini = gini_index(ranking.listed);
  report.mean_popularity =
      mean_popularity(ranking.listed, item_counts.first(ranking.listed.size()));
  for (std::size_t s = 0; s < ranking.sampled.size(); ++s) {
    report.sampled.push_back(sampled_report(ranking.sampled[s], popularity.sampled[s], protocol));
  }
  report.experts = ranking.experts;
  report.protocol = std::move(protocol);
  return report;
}

Comparison compare(const Ranking& ranking,
                   const Ranking& other,
                   const std::string& other_name,
                   std::uint64_t seed,
                   const Cutoffs& cutoffs) {
  ELASTIC_CHECK(ranking.users == other.users, "the rankings are of different users");
  Comparison comparison;
  comparison.name = other_name;
  comparison.differences = all_metrics(ranking.ranks, cutoffs);
  const std::vector<MetricValue> others = all_metrics(other.ranks, cutoffs);
  for (std::size_t i = 0; i < others.size(); ++i) {
    comparison.differences[i].value -= others[i].value;
  }
  comparison.intervals =
      difference_intervals(ranking.ranks, other.ranks, bootstrap_options(seed, cutoffs));
  comparison.unknown = other.unknown;
  return comparison;
}

std::vector<std::string> metric_names(const std::vector<std::string>& candidates,
                                      const Cutoffs& cutoffs) {
  std::vector<std::string> names;
  for (const UserMetric& metric : user_metrics(cutoffs)) {
    names.push_back(metric.name);
  }
  for (const std::string& rule : candidates) {
    for (const MetricValue& metric : sampled_metrics({}, rule, cutoffs)) {
      names.push_back(metric.name);
    }
  }
  return names;
}

double value_of(const Report& report, const std::string& name) {
  std::vector<MetricValue> metrics = report.metrics;
  for (const SampledReport& sampled : report.sampled) {
    metrics.insert(metrics.end(), sampled.metrics.begin(), sampled.metrics.end());
  }
  return value_of(metrics, name);
}

}  // namespace elastic::eval
