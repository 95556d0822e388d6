#include <utility>

#include "base/error.h"
#include "base/rounding.h"
#include "eval/report.h"

namespace elastic::eval {
namespace {

using nlohmann::ordered_json;

constexpr int kReportDigits = 6;
constexpr std::size_t kHistogramExperts = 256;  // the size of the default pool

ordered_json metrics_to_json(const std::vector<MetricValue>& metrics) {
  ordered_json object = ordered_json::object();
  for (const MetricValue& metric : metrics) {
    object[metric.name] = round_to_digits(metric.value, kReportDigits);
  }
  return object;
}

// The intervals under the names of their metrics.
ordered_json intervals_to_json(const std::vector<MetricValue>& metrics,
                               const std::vector<Interval>& intervals) {
  ordered_json object = ordered_json::object();
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    object[metrics[i].name] = {round_to_digits(intervals[i].low, kReportDigits),
                               round_to_digits(intervals[i].high, kReportDigits)};
  }
  return object;
}

// The entries that all kinds of buckets share.
template <class Bucket>
void add_users(const Bucket& bucket, ordered_json& entry) {
  entry["users"] = bucket.users;
  entry["HR@10"] = round_to_digits(bucket.hit_at_10, kReportDigits);
  entry["NDCG@10"] = round_to_digits(bucket.ndcg_at_10, kReportDigits);
  entry["popularity"] = {{"HR@10", round_to_digits(bucket.popularity_hit_at_10, kReportDigits)},
                         {"NDCG@10", round_to_digits(bucket.popularity_ndcg_at_10, kReportDigits)}};
}

ordered_json buckets_to_json(const std::vector<LengthBucket>& buckets) {
  ordered_json list = ordered_json::array();
  for (const LengthBucket& bucket : buckets) {
    ordered_json entry;
    entry["from"] = bucket.from;
    entry["to"] = bucket.to == 0 ? ordered_json() : ordered_json(bucket.to);
    add_users(bucket, entry);
    list.push_back(std::move(entry));
  }
  return list;
}

ordered_json buckets_to_json(const std::vector<PopularityBucket>& buckets) {
  ordered_json list = ordered_json::array();
  for (const PopularityBucket& bucket : buckets) {
    ordered_json entry;
    entry["group"] = name_of(bucket.group);
    entry["from"] = bucket.fewest;
    entry["to"] =
        bucket.group == PopularityGroup::kHead ? ordered_json() : ordered_json(bucket.most);
    entry["items"] = bucket.items;
    add_users(bucket, entry);
    list.push_back(std::move(entry));
  }
  return list;
}

ordered_json buckets_to_json(const std::vector<RepeatBucket>& buckets) {
  ordered_json list = ordered_json::array();
  for (const RepeatBucket& bucket : buckets) {
    ordered_json entry;
    entry["targets"] = bucket.repeated ? "repeated" : "new";
    add_users(bucket, entry);
    list.push_back(std::move(entry));
  }
  return list;
}

ordered_json sampled_to_json(const SampledReport& sampled) {
  return {{"candidates", sampled.candidates},
          {"short_users", sampled.short_users},
          {"metrics", metrics_to_json(sampled.metrics)},
          {"intervals", intervals_to_json(sampled.metrics, sampled.intervals)},
          {"popularity", metrics_to_json(sampled.popularity)}};
}

ordered_json unknown_to_json(const UnknownItems& unknown) {
  return {{"targets", unknown.targets},
          {"histories", unknown.histories},
          {"history_events", unknown.events},
          {"of_history_events", unknown.history_events}};
}

ordered_json comparison_to_json(const Comparison& against) {
  ordered_json entry{{"run", against.name},
                     {"differences", metrics_to_json(against.differences)},
                     {"intervals", intervals_to_json(against.differences, against.intervals)}};
  if (!against.trained_on.empty()) {
    entry["trained_on"] = against.trained_on;
  }
  if (against.unknown) {
    entry["unknown"] = unknown_to_json(*against.unknown);
  }
  return entry;
}

ordered_json protocol_to_json(const Protocol& protocol, bool sampled) {
  ordered_json build = ordered_json::object();
  for (const auto& [name, fact] : protocol.build) {
    build[name] = fact;
  }
  ordered_json object = {
      {"subset", protocol.subset},
      {"split", protocol.split},
      {"split_hash", protocol.split_hash},
      {"users", protocol.users},
      {"min_history", protocol.min_history},
      {"longest_history", protocol.longest_history},
      {"items", protocol.items},
      {"ranking", "all items"},
      {"filter_seen", protocol.rules.filter_seen},
      {"repeats", choice_name(protocol.rules.repeats)},
      {"ties", "count against the model"},
      {"history", protocol.history},
      {"max_len", protocol.max_len},
      {"truncation", "the latest events are kept"},
      {"checkpoint_epoch", protocol.checkpoint_epoch},
      {"checkpoint_metric", protocol.checkpoint_metric},
      {"cold",
       "held-out items without training events are misses, users without history are not ranked"},
      {"seed", protocol.seed},
      {"loss", protocol.loss},
      {"train_seen", protocol.train_seen},
      {"build", std::move(build)}};
  if (protocol.drawn_from > 0) {
    object["users_drawn_from"] = protocol.drawn_from;
  }
  if (!protocol.times.empty()) {
    object["times"] = protocol.times;
  }
  if (protocol.other_log) {
    const OtherLog& log = *protocol.other_log;
    object["cold"] = "held-out items and histories unknown to the model are misses";
    object["other_log"] = {{"data_hash", log.data_hash},
                           {"users", log.users},
                           {"items", log.items},
                           {"unknown_items", log.unknown_items},
                           {"events", log.events}};
  }
  if (!protocol.trained_on.empty()) {
    object["trained_on"] = protocol.trained_on;
  }
  if (!protocol.mean_of.empty()) {
    object["mean_of"] = protocol.mean_of;
  }
  if (!protocol.teacher.empty()) {
    object["teacher"] = protocol.teacher;
  }
  if (sampled) {
    object["sampled_negatives"] = {{"seed", protocol.sampling_seed},
                                   {"left_out", "all items of the user, held-out ones included"},
                                   {"note", "not comparable with a ranking of all items"}};
  }
  return object;
}

}  // namespace

ordered_json to_json(const Report& report) {
  ordered_json object;
  object["schema_version"] = kReportSchemaVersion;
  object["metrics"] = metrics_to_json(report.metrics);
  object["intervals"] = intervals_to_json(report.metrics, report.intervals);
  object["popularity"] = metrics_to_json(report.popularity);
  object[concat("coverage@", kListLength)] = round_to_digits(report.coverage, kReportDigits);
  object[concat("gini@", kListLength)] = round_to_digits(report.gini, kReportDigits);
  object[concat("mean_popularity@", kListLength)] =
      round_to_digits(report.mean_popularity, kReportDigits);
  object["cold_items"] = report.cold_items;
  object["cold_users"] = report.cold_users;
  if (report.unknown) {
    object["unknown"] = unknown_to_json(*report.unknown);
  }
  object["new_targets"] = report.targets.all - report.targets.repeated;
  object["repeated_targets"] = report.targets.repeated;
  object["by_history_length"] = buckets_to_json(report.buckets);
  object["by_item_popularity"] = buckets_to_json(report.popularity_buckets);
  object["by_repeat"] = buckets_to_json(report.repeat_buckets);
  if (report.experts.num_users() > 0) {
    object["experts"] = to_json(report.experts);
    object["experts"]["users_of_expert"] = report.experts.histogram(kHistogramExperts);
  }
  for (const SampledReport& sampled : report.sampled) {
    object["sampled"].push_back(sampled_to_json(sampled));
  }
  for (const Comparison& against : report.against) {
    object["against"].push_back(comparison_to_json(against));
  }
  if (report.swapped_experts) {
    const Comparison& swapped = *report.swapped_experts;
    object["swapped_experts"] = {
        {"differences", metrics_to_json(swapped.differences)},
        {"intervals", intervals_to_json(swapped.differences, swapped.intervals)}};
  }
  object["protocol"] = protocol_to_json(report.protocol, !report.sampled.empty());
  return object;
}

}  // namespace elastic::eval
