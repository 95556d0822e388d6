#include "cli/output/metrics_table.h"

#include <fmt/format.h>

#include "base/visible_text.h"

namespace elastic::cli {
namespace {

// A row per metric, a column per cutoff. `suffix` ends the metrics' names: "[uni:100]".
std::string metric_rows(const std::string& title,
                        const std::vector<eval::MetricValue>& metrics,
                        const eval::Cutoffs& cutoffs,
                        const std::string& suffix = "") {
  constexpr std::size_t kTitleWidth = 12;
  std::string text = title.size() < kTitleWidth ? fmt::format("{:<{}}", title, kTitleWidth)
                                                : fmt::format("{}\n{:<{}}", title, "", kTitleWidth);
  for (const int k : cutoffs.values()) {
    text += fmt::format("{:>9}", fmt::format("@{}", k));
  }
  text += "\n";
  for (const char* name : {"HR", "NDCG", "MRR"}) {  // Recall equals HR
    text += fmt::format("  {:<10}", name);
    for (const int k : cutoffs.values()) {
      text +=
          fmt::format("{:>9.4f}", eval::value_of(metrics, fmt::format("{}@{}{}", name, k, suffix)));
    }
    text += "\n";
  }
  return text;
}

// " HR@10 0.1000 to 0.2000, NDCG@10 ...", for the three main metrics.
std::string interval_list(const std::vector<eval::MetricValue>& metrics,
                          const std::vector<eval::Interval>& intervals,
                          bool with_value) {
  std::string text;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const std::string& name = metrics[i].name;
    const std::string plain = name.substr(0, name.find('['));
    if (plain == "HR@10" || plain == "NDCG@10" || plain == "MRR@10") {
      const eval::Interval& interval = intervals[i];
      text += text.empty() ? " " : ", ";
      text += name;
      text +=
          with_value
              ? fmt::format(
                    " {:+.4f} ({:+.4f} to {:+.4f})", metrics[i].value, interval.low, interval.high)
              : fmt::format(" {:.4f} to {:.4f}", interval.low, interval.high);
    }
  }
  return text + "\n";
}

// "users with a history of at least 500 events: 60", if the report is limited to them.
std::string user_line(const eval::Protocol& protocol) {
  return protocol.min_history <= 0 ? ""
                                   : fmt::format("users with a history of at least {} events: {}\n",
                                                 protocol.min_history,
                                                 protocol.users);
}

// The columns at the end of every table of buckets.
std::string bucket_head() {
  return fmt::format("{:>9}{:>9}{:>9}{:>15}\n", "users", "HR@10", "NDCG@10", "popularity HR");
}

template <class Bucket>
std::string bucket_cells(const Bucket& bucket) {
  return fmt::format("{:>9}{:>9.4f}{:>9.4f}{:>15.4f}\n",
                     bucket.users,
                     bucket.hit_at_10,
                     bucket.ndcg_at_10,
                     bucket.popularity_hit_at_10);
}

std::string bucket_rows(const std::vector<eval::LengthBucket>& buckets) {
  std::string text = fmt::format("{:<12}", "history") + bucket_head();
  for (const eval::LengthBucket& bucket : buckets) {
    const std::string range = bucket.to == 0 ? fmt::format("{} or more", bucket.from)
                                             : fmt::format("{}-{}", bucket.from, bucket.to);
    text += fmt::format("  {:<10}", range) + bucket_cells(bucket);
  }
  return text;
}

// "head, 41 or more", "tail, 12-40", "cold, none"
std::string events_of(const eval::PopularityBucket& bucket) {
  switch (bucket.group) {
    case eval::PopularityGroup::kHead:
      return fmt::format("{}, {} or more", name_of(bucket.group), bucket.fewest);
    case eval::PopularityGroup::kCold:
      return "cold, none";
    default:
      return fmt::format("{}, {}-{}", name_of(bucket.group), bucket.fewest, bucket.most);
  }
}

std::string bucket_rows(const std::vector<eval::PopularityBucket>& buckets) {
  std::string text = fmt::format("{:<22}{:>9}", "item, training events", "items") + bucket_head();
  for (const eval::PopularityBucket& bucket : buckets) {
    text += fmt::format("  {:<20}{:>9}", events_of(bucket), bucket.items) + bucket_cells(bucket);
  }
  return text;
}

// The line is never left out: 0 repeated targets are a fact about the data, too.
std::string repeat_rows(const eval::Report& report) {
  std::string text = fmt::format("repeated targets: {} of {} are items that the user had before\n",
                                 report.targets.repeated,
                                 report.targets.all);
  if (report.targets.repeated > 0) {
    text += fmt::format("{:<12}", "target") + bucket_head();
    for (const eval::RepeatBucket& bucket : report.repeat_buckets) {
      text += fmt::format("  {:<10}", bucket.repeated ? "repeated" : "new") + bucket_cells(bucket);
    }
  }
  return text;
}

// The treatment of repeated targets, for the protocol.
const char* repeats_words(eval::Repeats repeats) {
  switch (repeats) {
    case eval::Repeats::kCount:
      return "ranked";
    case eval::Repeats::kMiss:
      return "misses";
    case eval::Repeats::kDrop:
      return "left out";
    case eval::Repeats::kOnly:
      return "evaluated alone";
  }
  return "";
}

std::string list_lines(const eval::Report& report) {
  return fmt::format(
      "coverage@10: {:.1f} % of the items are in a top 10 list\n"
      "gini@10: {:.3f} (0: all items are shown equally often); mean training events of shown "
      "items: {:.1f}\n",
      100.0 * report.coverage,
      report.gini,
      report.mean_popularity);
}

// "unknown to the model: 3 of 60 held-out items, a miss; ...", if there is a log to speak of.
std::string unknown_line(const std::optional<eval::UnknownItems>& unknown, std::int64_t users) {
  return !unknown ? ""
                  : fmt::format(
                        "unknown to the model: {} of {} held-out items and the whole history of {} "
                        "users, misses; {} of {} events of the histories, skipped\n",
                        unknown->targets,
                        users,
                        unknown->histories,
                        unknown->events,
                        unknown->history_events);
}

std::string cold_lines(const eval::Report& report) {
  std::string text = unknown_line(report.unknown, report.protocol.users);
  if (report.cold_items > 0 && !report.unknown) {
    text += fmt::format("cold items: {} users' held-out item has no training event; a miss\n",
                        report.cold_items);
  }
  if (report.cold_users > 0) {
    text += fmt::format("cold users: {} have no history, and are not ranked\n", report.cold_users);
  }
  return text;
}

std::string sampled_lines(const eval::Report& report) {
  std::string text;
  const eval::Cutoffs& cutoffs = report.protocol.cutoffs;
  for (const eval::SampledReport& sampled : report.sampled) {
    const std::string suffix = fmt::format("[{}]", sampled.candidates);
    text += metric_rows(fmt::format("model {}", suffix), sampled.metrics, cutoffs, suffix) + "\n";
    text += metric_rows(fmt::format("popularity {}", suffix), sampled.popularity, cutoffs, suffix) +
            "\n";
    text += "95 % intervals:" + interval_list(sampled.metrics, sampled.intervals, false);
    if (sampled.short_users > 0) {
      text += fmt::format("{} users had fewer items left than that; all of these were ranked\n",
                          sampled.short_users);
    }
    text += "\n";
  }
  if (!report.sampled.empty()) {
    text +=
        "Sampled metrics are not comparable with a ranking of all items or with other samples, "
        "and\n"
        "may order models differently (Krichene and Rendle, KDD 2020).\n\n";
  }
  return text;
}

std::string against_lines(const eval::Comparison& against, std::int64_t users) {
  return fmt::format("against {}{}, paired by user, with 95 % intervals:\n {}{}\n",
                     visible(against.name),
                     against.trained_on.empty()
                         ? ""
                         : fmt::format(" (trained on {})", visible(against.trained_on)),
                     interval_list(against.differences, against.intervals, true),
                     unknown_line(against.unknown, users));
}

// "  another log than the training's, data 0123456789abcdef: ..."
std::string other_log_line(const eval::OtherLog& log) {
  return fmt::format(
      "  another log than the training's, data {}: {} users, {} items ({} of them unknown to the "
      "model), {} events\n",
      visible(log.data_hash),
      log.users,
      log.items,
      log.unknown_items,
      log.events);
}

std::string protocol_lines(const eval::Protocol& protocol) {
  std::string runs;
  for (const std::string& run : protocol.mean_of) {
    runs += (runs.empty() ? "  mean of the scores of " : ", ") + visible(run);
  }
  return fmt::format(
      "protocol: {} split, {}\n"
      "  split {}, loss {} (--train-seen {}), seed {}, epoch {}; history: {}, the latest {}\n"
      "  {} users{}{}, all {} items ranked, seen items {}, ties count against the model\n"
      "  repeated targets: {} (--repeats {})\n"
      "{}{}{}{}{}",
      protocol.subset,
      visible(protocol.split),
      visible(protocol.split_hash),
      visible(protocol.loss),
      visible(protocol.train_seen),
      protocol.seed,
      protocol.checkpoint_epoch,
      visible(protocol.history),
      protocol.max_len,
      protocol.users,
      protocol.drawn_from > 0 ? fmt::format(" of {}, drawn by the seed", protocol.drawn_from) : "",
      protocol.min_history <= 0 ? ""
                                : fmt::format(" with at least {} events", protocol.min_history),
      protocol.items,
      protocol.rules.filter_seen ? "left out" : "ranked too",
      repeats_words(protocol.rules.repeats),
      choice_name(protocol.rules.repeats),
      protocol.other_log ? other_log_line(*protocol.other_log) : "",
      protocol.teacher.empty() ? "" : "  learned from " + visible(protocol.teacher) + "\n",
      protocol.times.empty() ? "" : "  times that the model reads: " + protocol.times + "\n",
      protocol.trained_on.empty() ? ""
                                  : fmt::format("  trained on {}\n", visible(protocol.trained_on)),
      runs.empty() ? "" : runs + "; loss, seed and epoch are the first's\n");
}

}  // namespace

std::string metrics_table(const eval::Report& report) {
  std::string text = user_line(report.protocol);
  text += metric_rows("model", report.metrics, report.protocol.cutoffs) + "\n";
  text += metric_rows("popularity", report.popularity, report.protocol.cutoffs) + "\n";
  text += "95 % intervals:" + interval_list(report.metrics, report.intervals, false);
  text += list_lines(report) + cold_lines(report) + "\n";
  text += repeat_rows(report) + "\n";
  text += bucket_rows(report.buckets) + "\n";
  text += bucket_rows(report.popularity_buckets) + "\n";
  text += sampled_lines(report);
  for (const eval::Comparison& against : report.against) {
    text += against_lines(against, report.protocol.users);
  }
  if (report.swapped_experts) {
    const eval::Comparison& swapped = *report.swapped_experts;
    text += "own experts minus another user's, paired by user, with 95 % intervals:\n ";
    text += interval_list(swapped.differences, swapped.intervals, true) + "\n";
  }
  return text + protocol_lines(report.protocol);
}

}  // namespace elastic::cli
