#include "eval/report.h"

#include <utility>

#include "base/error.h"
#include "base/rounding.h"

namespace elastic::eval {
namespace {

using nlohmann::ordered_json;

constexpr int kDigits = 6;
// Lower ends of the buckets; the last has no bound.
constexpr std::array<std::int32_t, 6> kBucketStarts{1, 21, 51, 101, 201, 501};

ordered_json metrics_to_json(const std::vector<MetricValue>& metrics) {
  ordered_json object = ordered_json::object();
  for (const MetricValue& metric : metrics) {
    object[metric.name] = round_to_digits(metric.value, kDigits);
  }
  return object;
}

// `intervals` of `metrics`, one by one.
ordered_json intervals_to_json(const std::vector<MetricValue>& metrics,
                               const std::vector<Interval>& intervals) {
  ordered_json object = ordered_json::object();
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    object[metrics[i].name] = {round_to_digits(intervals[i].low, kDigits),
                               round_to_digits(intervals[i].high, kDigits)};
  }
  return object;
}

ordered_json buckets_to_json(const std::vector<LengthBucket>& buckets) {
  ordered_json list = ordered_json::array();
  for (const LengthBucket& bucket : buckets) {
    ordered_json entry;
    entry["from"] = bucket.from;
    entry["to"] = bucket.to == 0 ? ordered_json() : ordered_json(bucket.to);
    entry["users"] = bucket.users;
    entry["HR@10"] = round_to_digits(bucket.hit_at_10, kDigits);
    entry["NDCG@10"] = round_to_digits(bucket.ndcg_at_10, kDigits);
    entry["popularity"] = {{"HR@10", round_to_digits(bucket.popularity_hit_at_10, kDigits)},
                           {"NDCG@10", round_to_digits(bucket.popularity_ndcg_at_10, kDigits)}};
    list.push_back(std::move(entry));
  }
  return list;
}

ordered_json protocol_to_json(const Protocol& protocol) {
  ordered_json build = ordered_json::object();
  for (const auto& [name, fact] : protocol.build) {
    build[name] = fact;
  }
  return {{"subset", protocol.subset},
          {"split", protocol.split},
          {"split_hash", protocol.split_hash},
          {"users", protocol.users},
          {"min_history", protocol.min_history},
          {"longest_history", protocol.longest_history},
          {"items", protocol.items},
          {"ranking", "all items"},
          {"filter_seen", protocol.filter_seen},
          {"ties", "count against the model"},
          {"history", protocol.history},
          {"max_len", protocol.max_len},
          {"truncation", "the latest events are kept"},
          {"checkpoint_epoch", protocol.checkpoint_epoch},
          {"checkpoint_metric", protocol.checkpoint_metric},
          {"seed", protocol.seed},
          {"loss", protocol.loss},
          {"build", std::move(build)}};
}

LengthBucket make_bucket(const Ranking& ranking,
                         const Ranking& popularity,
                         std::int32_t from,
                         std::int32_t to) {
  std::vector<std::int32_t> ranks;
  std::vector<std::int32_t> popularity_ranks;
  for (std::size_t i = 0; i < ranking.ranks.size(); ++i) {
    const std::int32_t length = ranking.history_lengths[i];
    if (length >= from && (to == 0 || length <= to)) {
      ranks.push_back(ranking.ranks[i]);
      popularity_ranks.push_back(popularity.ranks[i]);
    }
  }
  return {from,
          to,
          static_cast<std::int64_t>(ranks.size()),
          hit_at_k(ranks, 10),
          ndcg_at_k(ranks, 10),
          hit_at_k(popularity_ranks, 10),
          ndcg_at_k(popularity_ranks, 10)};
}

}  // namespace

Report make_report(const Ranking& ranking, const Ranking& popularity, Protocol protocol) {
  ELASTIC_CHECK(ranking.users == popularity.users, "the rankings are of different users");
  Report report;
  report.metrics = all_metrics(ranking.ranks);
  report.intervals = bootstrap_intervals(ranking.ranks, {.seed = protocol.seed});
  report.popularity = all_metrics(popularity.ranks);
  for (std::size_t i = 0; i < kBucketStarts.size(); ++i) {
    const bool is_last = i + 1 == kBucketStarts.size();
    const std::int32_t to = is_last ? 0 : kBucketStarts[i + 1] - 1;
    const LengthBucket bucket = make_bucket(ranking, popularity, kBucketStarts[i], to);
    if (bucket.users > 0) {
      report.buckets.push_back(bucket);
    }
  }
  const auto covered = static_cast<double>(ranking.items_covered);
  report.coverage = protocol.items == 0 ? 0.0 : covered / static_cast<double>(protocol.items);
  report.protocol = std::move(protocol);
  return report;
}

Comparison compare(const Ranking& ranking,
                   const Ranking& other,
                   const std::string& other_name,
                   std::uint64_t seed) {
  ELASTIC_CHECK(ranking.users == other.users, "the rankings are of different users");
  Comparison comparison;
  comparison.name = other_name;
  comparison.differences = all_metrics(ranking.ranks);
  const std::vector<MetricValue> others = all_metrics(other.ranks);
  for (std::size_t i = 0; i < others.size(); ++i) {
    comparison.differences[i].value -= others[i].value;
  }
  comparison.intervals = difference_intervals(ranking.ranks, other.ranks, {.seed = seed});
  return comparison;
}

ordered_json to_json(const Report& report) {
  ordered_json object;
  object["schema_version"] = kReportSchemaVersion;
  object["metrics"] = metrics_to_json(report.metrics);
  object["intervals"] = intervals_to_json(report.metrics, report.intervals);
  object["popularity"] = metrics_to_json(report.popularity);
  object[concat("coverage@", kCoverageCutoff)] = round_to_digits(report.coverage, kDigits);
  object["by_history_length"] = buckets_to_json(report.buckets);
  for (const Comparison& against : report.against) {
    object["against"].push_back(
        {{"run", against.name},
         {"differences", metrics_to_json(against.differences)},
         {"intervals", intervals_to_json(against.differences, against.intervals)}});
  }
  object["protocol"] = protocol_to_json(report.protocol);
  return object;
}

}  // namespace elastic::eval
