#include "cli/sweeping/sweep_table.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/csv_field.h"
#include "base/visible_text.h"
#include "cli/output/progress_line.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// Shown beside the metric that chooses.
const char* second_metric(const SweepResult& sweep) {
  return sweep.grid->metric() == "HR@10" ? "NDCG@10" : "HR@10";
}

std::string number(double value, bool exact) {
  return exact ? fmt::format("{}", value) : fmt::format("{:.4f}", value);
}

std::string deviation_text(const Average& value, bool exact) {
  return value.deviation ? number(*value.deviation, exact) : "";
}

std::vector<std::string> row_of(const SweepResult& sweep, std::size_t place, bool exact) {
  const CandidateResult& result = sweep.results[place];
  const bool any = result.num_ended() > 0;
  std::vector<std::string> row{fmt::format("{}", place + 1)};
  for (const std::string& key : sweep.keys) {
    row.push_back(setting_text(sweep.candidate(result).settings, key));
  }
  row.push_back(fmt::format("{}", result.epochs));
  row.push_back(fmt::format("{}/{}", result.num_ended(), result.seeds.size()));
  const Average score = any ? result.metric(sweep.grid->metric()) : Average{};
  row.push_back(any ? number(score.mean, exact) : "");
  row.push_back(any ? deviation_text(score, exact) : "");
  row.push_back(any ? number(result.metric(second_metric(sweep)).mean, exact) : "");
  row.push_back(!any    ? ""
                : exact ? fmt::format("{:.3f}", result.seconds())
                        : format_duration(result.seconds()));
  row.push_back(state_of(sweep, place));
  return row;
}

// The lines of a table whose text columns are aligned left and whose numbers right.
std::string aligned(const TextTable& rows, std::size_t num_keys) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_text = (i > 0 && i <= num_keys) || i + 1 == row.size();
      line += i == 0 ? "" : "  ";
      line += is_text ? fmt::format("{:<{}}", row[i], widths[i])
                      : fmt::format("{:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

// "0.1234, standard deviation 0.0056"
std::string average_text(const Average& value) {
  return fmt::format(
      "{:.4f}{}",
      value.mean,
      value.deviation ? fmt::format(", standard deviation {:.4f}", *value.deviation) : "");
}

std::string choice_lines(const SweepResult& sweep) {
  if (!sweep.has_choice()) {
    return "no configuration has ended with all its seeds, so none is chosen\n";
  }
  const CandidateResult& best = sweep.results.front();
  std::string text = fmt::format("best: {}; validation {} {}, mean over the seeds {}\n",
                                 visible(words_of(sweep.candidate(best).settings)),
                                 sweep.grid->metric(),
                                 average_text(best.metric(sweep.grid->metric())),
                                 fmt::join(sweep.grid->seeds(), ","));
  if (!sweep.test) {
    return text;
  }
  if (!sweep.test->failure.empty()) {
    return text +
           fmt::format("the evaluation on the test failed: {}\n", visible(sweep.test->failure));
  }
  text += "test, evaluated for this configuration only:\n";
  for (const char* name : {"HR@10", "NDCG@10", "MRR@10"}) {
    for (const auto& [key, value] : sweep.test->metrics) {
      text += key == name ? fmt::format("  {} {}\n", key, average_text(value)) : "";
    }
  }
  for (const std::string& other : sweep.test->others) {
    text += fmt::format("  an earlier call chose, and evaluated on the test: {}\n", visible(other));
  }
  return text;
}

std::string failure_lines(const SweepResult& sweep) {
  std::string text;
  for (const CandidateResult& result : sweep.results) {
    for (const SeedResult& one : result.seeds) {
      if (!one.outcome && !one.failure.empty()) {
        text += fmt::format("failed: {}: {}\n", one.name, visible(one.failure));
      }
    }
  }
  if (const std::size_t left = sweep.num_left_out(); left > 0) {
    text += fmt::format("left out: {} trainings; a larger --budget continues them\n", left);
  }
  return text;
}

ordered_json to_json(const Average& value) {
  ordered_json json{{"mean", value.mean}};
  if (value.deviation) {
    json["standard_deviation"] = *value.deviation;
  }
  return json;
}

ordered_json to_json(const SeedResult& one) {
  ordered_json json{{"seed", one.seed}, {"run", "runs/" + one.name}};
  if (one.outcome) {
    json["status"] = one.outcome->status;
    json["validation"] = {{"epoch", one.outcome->best.epoch},
                          {"metrics", one.outcome->best.metrics}};
    json["seconds"] = one.outcome->seconds;
  } else if (!one.failure.empty()) {
    json["failure"] = one.failure;
  }
  return json;
}

ordered_json configuration_json(const SweepResult& sweep, std::size_t place) {
  const CandidateResult& result = sweep.results[place];
  ordered_json json{{"place", place + 1},
                    {"settings", sweep.candidate(result).settings},
                    {"state", state_of(sweep, place)},
                    {"epochs", result.epochs}};
  if (result.num_ended() > 0) {
    for (const std::string& name : {sweep.grid->metric(), std::string(second_metric(sweep))}) {
      json["validation"][name] = to_json(result.metric(name));
    }
    json["seconds"] = result.seconds();
  }
  json["trainings"] = ordered_json::array();
  for (const SeedResult& one : result.seeds) {
    json["trainings"].push_back(to_json(one));
  }
  return json;
}

}  // namespace

std::size_t SweepResult::num_left_out() const {
  std::size_t count = 0;
  for (const CandidateResult& result : results) {
    count += static_cast<std::size_t>(
        std::count_if(result.seeds.begin(), result.seeds.end(), [](const SeedResult& one) {
          return !one.outcome && one.failure.empty();
        }));
  }
  return count;
}

std::string state_of(const SweepResult& sweep, std::size_t place) {
  const CandidateResult& result = sweep.results[place];
  if (result.failed()) {
    return "failed";
  }
  if (!result.complete()) {
    return "left out";
  }
  if (place == 0) {
    return "best";
  }
  return result.rung + 1 < sweep.grid->rungs().size() ? "dropped" : "trained";
}

std::string setting_text(const ordered_json& settings, const std::string& key) {
  const auto found = settings.find(key);
  if (found == settings.end()) {
    return "";
  }
  return found->is_string() ? found->get<std::string>() : data::json_text(*found);
}

TextTable table_rows(const SweepResult& sweep, bool exact) {
  std::vector<std::string> head{exact ? "place" : ""};
  head.insert(head.end(), sweep.keys.begin(), sweep.keys.end());
  for (const std::string& name : {std::string("epochs"),
                                  std::string("seeds"),
                                  sweep.grid->metric(),
                                  std::string("deviation"),
                                  std::string(second_metric(sweep)),
                                  std::string(exact ? "seconds" : "time"),
                                  std::string("state")}) {
    head.push_back(name);
  }
  TextTable rows{head};
  for (std::size_t place = 0; place < sweep.results.size(); ++place) {
    rows.push_back(row_of(sweep, place, exact));
  }
  return rows;
}

std::string to_text(const SweepResult& sweep) {
  TextTable rows = table_rows(sweep, /*exact=*/false);
  for (auto& row : rows) {
    for (std::string& cell : row) {
      cell = visible(cell);
    }
  }
  return "validation metrics, means over the seeds\n\n" + aligned(rows, sweep.keys.size()) + "\n" +
         choice_lines(sweep) + failure_lines(sweep);
}

std::string to_csv(const SweepResult& sweep) {
  std::string text;
  for (const auto& row : table_rows(sweep, /*exact=*/true)) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += (i == 0 ? "" : ",") + csv_field(visible(row[i]));
    }
    text += "\n";
  }
  return text;
}

ordered_json to_json(const SweepResult& sweep) {
  ordered_json json{{"format", 1},
                    {"search", sweep.search},
                    {"metric", fmt::format("validation {}", sweep.grid->metric())},
                    {"seeds", sweep.grid->seeds()},
                    {"configurations", ordered_json::array()},
                    {"left_out", sweep.num_left_out()}};
  for (std::size_t place = 0; place < sweep.results.size(); ++place) {
    json["configurations"].push_back(configuration_json(sweep, place));
  }
  if (sweep.has_choice()) {
    json["best"] = sweep.candidate(sweep.results.front()).settings;
  }
  if (sweep.test) {
    json["test"]["metrics"] = ordered_json::object();
    for (const auto& [name, value] : sweep.test->metrics) {
      json["test"]["metrics"][name] = to_json(value);
    }
    if (!sweep.test->failure.empty()) {
      json["test"]["failure"] = sweep.test->failure;
    }
    json["test"]["tested_before"] = sweep.test->others;
  }
  return json;
}

}  // namespace elastic::cli
