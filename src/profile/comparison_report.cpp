// A comparison as JSON and Markdown.
#include "base/error.h"
#include "base/visible_text.h"
#include "profile/comparison.h"
#include "profile/json_values.h"
#include "profile/report.h"
#include "profile/row_text.h"

namespace elastic::profile {
namespace {

using nlohmann::ordered_json;

std::string comparison_row(const Row& row, const Change& change) {
  const bool ok = row.status == RowStatus::kOk;
  const auto text = [](const std::optional<double>& value) {
    return value ? number(*value) : std::string("-");
  };
  const std::optional<Ratio>& time = change.time;
  return markdown_row({series_name(row),
                       choice_name(row.workload.phase),
                       std::to_string(row.workload.model.max_len),
                       std::to_string(row.workload.batch),
                       text(change.ms_before),
                       ok ? number(row.timing.ms_median) : name_of(row.status),
                       time ? number(time->value) : "-",
                       interval_text(time ? time->interval : std::nullopt),
                       text(change.memory),
                       change.has_partner ? change.status_before : "no partner"});
}

std::string unmatched_name(const ordered_json& row) {
  return concat(visible(row["name"].get<std::string>()),
                ", ",
                visible(row["phase"].get<std::string>()),
                ", length ",
                row["length"].dump(),
                ", batch ",
                row["batch"].dump());
}

}  // namespace

ordered_json change_to_json(const Change& change) {
  ordered_json json;
  json["earlier_status"] = change.has_partner ? ordered_json(change.status_before) : ordered_json();
  json["earlier_ms_median"] = or_null(change.ms_before);
  json["time_ratio"] = change.time ? ordered_json(change.time->value) : ordered_json();
  const std::optional<Interval> interval = change.time ? change.time->interval : std::nullopt;
  json["time_ratio_low"] = low_of(interval);
  json["time_ratio_high"] = high_of(interval);
  json["earlier_peak_bytes"] = or_null(change.bytes_before);
  json["memory_ratio"] = or_null(change.memory);
  return json;
}

ordered_json comparison_to_json(const Comparison& comparison) {
  return {{"file", comparison.file},
          {"differences", comparison.differences},
          {"unmatched", comparison.unmatched}};
}

std::string comparison_to_markdown(const Report& report) {
  const Comparison& comparison = *report.comparison;
  std::string text = concat(
      "\nAgainst ",
      visible(comparison.file),
      " (ratios above 1: slower, more memory; the interval of 95 % is that of the repetitions):\n\n"
      "| model | phase | length | batch | ms before | ms now | time ratio | interval | memory "
      "ratio "
      "| before |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    text += comparison_row(report.rows[i], comparison.changes[i]);
  }
  const auto list = [&text](const char* heading, const std::vector<std::string>& entries) {
    std::string line;
    for (const std::string& entry : entries) {
      line += concat(line.empty() ? heading : "; ", visible(entry));
    }
    text += line.empty() ? "" : concat("\n", line, ".\n");
  };
  std::vector<std::string> unmatched;
  for (const ordered_json& row : comparison.unmatched) {
    unmatched.push_back(unmatched_name(row));
  }
  list("Only before: ", unmatched);
  list("Other than before: ", comparison.differences);
  return text;
}

}  // namespace elastic::profile
