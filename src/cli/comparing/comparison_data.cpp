// A comparison for programs: CSV and JSON with all digits.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/choice.h"
#include "base/csv_field.h"
#include "cli/comparing/comparison.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// "" for infinity.
std::string csv_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

ordered_json json_number(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json();
}

std::string csv_row(const Comparison& comparison,
                    const eval::PartComparison& part,
                    std::size_t group,
                    std::size_t metric) {
  const eval::GroupMetric& value = part.values[group][metric];
  const eval::Difference& difference = value.difference;
  const std::size_t seeds = comparison.values.seeds[group];
  std::string text = fmt::format("{},{},{},{},{},{},{},{}",
                                 part.part.kind,
                                 part.part.label,
                                 part.part.users.size(),
                                 csv_field(comparison.groups[group].name),
                                 seeds,
                                 comparison.values.metrics[metric].name,
                                 csv_number(value.summary.mean),
                                 seeds < 2 ? "" : csv_number(value.summary.deviation));
  if (comparison.is_baseline(group)) {
    return text + ",,,,,,,,,,\n";
  }
  const bool adjusted = part.part.kind == "all";
  return text + fmt::format(",{},{},{},{},{},{},{},{},{},{}\n",
                            csv_field(comparison.groups[comparison.values.baseline].name),
                            csv_number(difference.value),
                            csv_number(difference.interval.low),
                            csv_number(difference.interval.high),
                            csv_number(difference.std_error),
                            csv_number(difference.df),
                            csv_number(difference.p),
                            adjusted ? csv_number(value.p_adjusted) : "",
                            adjusted ? (value.significant ? "true" : "false") : "",
                            words_of(difference.covers));
}

ordered_json metric_json(const Comparison& comparison,
                         const eval::PartComparison& part,
                         std::size_t group,
                         std::size_t metric) {
  const eval::GroupMetric& value = part.values[group][metric];
  ordered_json json{{"mean", value.summary.mean}};
  if (comparison.values.seeds[group] > 1) {
    json["deviation"] = value.summary.deviation;
  }
  if (!comparison.is_baseline(group)) {
    const eval::Difference& difference = value.difference;
    json["difference"] = difference.value;
    json["interval"] = {json_number(difference.interval.low),
                        json_number(difference.interval.high)};
    json["covers"] = words_of(difference.covers);
    json["std_error"] = difference.std_error;
    json["df"] = difference.df;
    json["p"] = difference.p;
    if (part.part.kind == "all") {
      json["p_adjusted"] = value.p_adjusted;
      json["significant"] = value.significant;
    }
  }
  return json;
}

ordered_json part_json(const Comparison& comparison, const eval::PartComparison& part) {
  ordered_json groups = ordered_json::array();
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    ordered_json metrics = ordered_json::object();
    for (std::size_t m = 0; m < comparison.values.metrics.size(); ++m) {
      metrics[comparison.values.metrics[m].name] = metric_json(comparison, part, g, m);
    }
    groups.push_back({{"group", comparison.groups[g].name}, {"metrics", metrics}});
  }
  return {{"kind", part.part.kind},
          {"label", part.part.label},
          {"users", part.part.users.size()},
          {"groups", groups}};
}

ordered_json group_json(const RunGroup& group) {
  ordered_json runs = ordered_json::array();
  for (const ComparedRun& run : group.runs) {
    runs.push_back({{"run", run.path}, {"seed", run.seed}});
  }
  return {{"group", group.name},
          {"options", group.options.is_null() ? ordered_json::object() : group.options},
          {"seeds", group.runs.size()},
          {"runs", runs}};
}

}  // namespace

std::string to_csv(const Comparison& comparison) {
  std::string text =
      "part,label,users,group,seeds,metric,mean,deviation,baseline,difference,low,high,std_error,"
      "df,"
      "p,p_adjusted,significant,covers\n";
  for (const eval::PartComparison& part : comparison.values.parts) {
    for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
      for (std::size_t m = 0; m < comparison.values.metrics.size(); ++m) {
        text += csv_row(comparison, part, g, m);
      }
    }
  }
  return text;
}

ordered_json to_json(const Comparison& comparison) {
  ordered_json groups = ordered_json::array();
  for (const RunGroup& group : comparison.groups) {
    groups.push_back(group_json(group));
  }
  ordered_json parts = ordered_json::array();
  for (const eval::PartComparison& part : comparison.values.parts) {
    parts.push_back(part_json(comparison, part));
  }
  return {{"schema_version", kComparisonSchemaVersion},
          {"baseline", comparison.groups[comparison.values.baseline].name},
          {"confidence", eval::GroupComparison::kConfidence},
          {"family",
           {{"tests", comparison.values.family},
            {"correction", "holm"},
            {"of", "every group but the baseline, every metric, all users"}}},
          {"groups", groups},
          {"parts", parts},
          {"protocol",
           {{"subset", choice_name(comparison.subset)},
            {"split", comparison.split},
            {"split_hash", comparison.split_hash},
            {"users", comparison.users},
            {"items", comparison.items},
            {"filter_seen", comparison.rules.filter_seen},
            {"repeats", choice_name(comparison.rules.repeats)},
            {"trained_on", comparison.trained_on}}}};
}

}  // namespace elastic::cli
