#include "cli/runs/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_curves.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "data/json_document.h"
#include "report/page.h"
#include "report/plot.h"
#include "train/checkpoint.h"
#include "train/run_directory.h"
#include "train/run_identity.h"
#include "train/saved_model.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

using Entries = std::vector<std::pair<std::string, std::string>>;

// Reads a file that a run may not have yet; an empty object if it does not exist.
ordered_json read_optional(const std::string& path) {
  return is_present(path) ? train::read_json_object(path) : ordered_json::object();
}

// The content of metrics.jsonl, checked against the run's checkpoint; "" if it does not exist.
std::string read_metrics(const std::string& run, const std::string& id) {
  const std::string path = file_of(run, "metrics.jsonl");
  const std::string checkpoint = file_of(run, "checkpoints/latest.safetensors");
  // In this order: the file only grows after a checkpoint.
  train::CheckpointedMetrics known;
  if (is_present(checkpoint)) {
    known = train::read_checkpointed_metrics(checkpoint);
    train::check_same_run(checkpoint, known.run, id);
  }
  if (!is_present(path)) {
    return "";
  }
  std::string metrics = read_whole_file(path);
  Checksum checksum;
  checksum.add(std::string_view(metrics).substr(0, static_cast<std::size_t>(known.bytes)));
  if (!known.checksum.empty() && checksum.hex() != known.checksum) {
    throw CheckpointError(path, ": differs from the one that ", checkpoint, " refers to");
  }
  return metrics;
}

std::string text_of(const ordered_json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_number_float()) {
    return fmt::format("{:.4f}", value.get<double>());
  }
  // Paths and raw ids need not be UTF-8.
  return value.is_null() ? "" : data::json_text(value);
}

bool is_list_of(const ordered_json& value, bool (*holds)(const ordered_json&)) {
  bool all = value.is_array() && !value.empty();
  for (std::size_t i = 0; all && i < value.size(); ++i) {
    all = holds(value[i]);
  }
  return all;
}

std::string words_of_key(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

// Flattens {"a": {"b": value}} to an entry "a b".
void flatten(const std::string& name, const ordered_json& value, Entries& entries) {
  if (!value.is_object()) {
    entries.emplace_back(words_of_key(name), text_of(value));
    return;
  }
  for (const auto& [key, part] : value.items()) {
    flatten(name.empty() ? key : name + " " + key, part, entries);
  }
}

// A table with a row per object and a column per key of the first object.
report::Html table_of(const ordered_json& objects) {
  report::Table table;
  for (const ordered_json& object : objects) {
    Entries entries;
    flatten("", object, entries);
    std::vector<std::string> row;
    std::vector<std::string> head;
    for (auto& [name, text] : entries) {
      head.push_back(name);
      row.push_back(text);
    }
    if (table.head.empty()) {
      table.head = head;
    }
    row.resize(table.head.size());
    table.rows.push_back(std::move(row));
  }
  return report::to_html(table);
}

constexpr const char* kRecall = "Recall@";  // equals HR

report::Html metrics_table(const ordered_json& result) {
  report::Table table{{"metric", "model", "95 % from", "to", "popularity"}, {}, 1};
  const ordered_json empty = ordered_json::object();
  const ordered_json& metrics = result.contains("metrics") ? result["metrics"] : empty;
  const ordered_json& intervals = result.contains("intervals") ? result["intervals"] : empty;
  const ordered_json& popularity = result.contains("popularity") ? result["popularity"] : empty;
  for (const auto& [name, value] : metrics.items()) {
    if (name.starts_with(kRecall)) {
      continue;
    }
    const bool known = intervals.contains(name) && intervals[name].size() == 2;
    table.rows.push_back({name,
                          text_of(value),
                          known ? text_of(intervals[name][0]) : "",
                          known ? text_of(intervals[name][1]) : "",
                          popularity.contains(name) ? text_of(popularity[name]) : ""});
  }
  return report::to_html(table);
}

// A plot of a list of numbers, such as the number of users of each expert.
report::Html list_figure(const std::string& name, const ordered_json& values) {
  report::Plot plot{name, "place in the list", {}, {}, {{name, {}}}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    plot.series[0].points.emplace_back(static_cast<double>(i + 1), values[i].get<double>());
  }
  return report::plots(report::figure(plot));
}

// Parts of the result with their own section on the page, or without information for a reader.
const std::set<std::string> placed{"metrics",
                                   "intervals",
                                   "popularity",
                                   "protocol",
                                   "schema_version",
                                   kRefitKey,
                                   kValidationKey,
                                   kTrainingKey,
                                   kRunHash,
                                   kItemsHash};

// Shows lists of objects as tables, lists of numbers as figures, and other values by name, so that
// keys of later versions appear as well.
report::Html contents(const ordered_json& object, const std::string& prefix = "") {
  report::Html html;
  Entries entries;
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + words_of_key(key);
    if (prefix.empty() && placed.contains(key)) {
      continue;
    }
    if (is_list_of(value, [](const ordered_json& part) { return part.is_object(); })) {
      html << report::section(name, table_of(value));
    } else if (is_list_of(value, [](const ordered_json& part) { return part.is_number(); })) {
      html << report::section(name, list_figure(name, value));
    } else if (value.is_object()) {
      flatten(name, value, entries);
    } else {
      entries.emplace_back(name, text_of(value));
    }
  }
  report::Html all;
  return all << report::definitions(entries) << html;
}

// The metrics of the best epoch, which selected it, and the end of the training.
report::Html validation_section(const ordered_json& result) {
  const ordered_json validation = result.value(kValidationKey, ordered_json::object());
  report::Table table{
      {"metric", fmt::format("epoch {}", text_of(validation.value("epoch", ordered_json())))},
      {},
      1};
  const ordered_json metrics = validation.value("metrics", ordered_json::object());
  for (const auto& [name, value] : metrics.items()) {
    if (!name.starts_with(kRecall)) {
      table.rows.push_back({name, text_of(value)});
    }
  }
  report::Html parts;
  parts << report::to_html(table)
        << contents(result.value(kTrainingKey, ordered_json::object()), "training ");
  return report::section("Validation", parts);
}

// The result of the refitted model, if there is one.
report::Html refit_section(const ordered_json& result) {
  report::Html parts;
  if (result.contains(kRefitKey)) {
    const ordered_json& refit = result[kRefitKey];
    if (refit.contains("metrics")) {
      parts << metrics_table(refit);
    }
    parts << contents(refit) << contents(refit.value("protocol", ordered_json::object()));
    return report::section("Refit", parts);
  }
  return parts;
}

// Options that the user set come first.
report::Html options_table(const ordered_json& config, const ordered_json& sources) {
  report::Table table{{"option", "set by", "value"}, {}, 3};
  const std::string kDefault = "default";
  for (const auto& [key, value] : config.items()) {
    const std::string source = sources.contains(key) ? text_of(sources[key]) : kDefault;
    // Not text_of, which rounds: a learning rate has more digits than a metric.
    table.rows.push_back(
        {key, source, value.is_string() ? value.get<std::string>() : data::json_text(value)});
  }
  std::stable_partition(
      table.rows.begin(), table.rows.end(), [&](const auto& row) { return row[1] != kDefault; });
  return report::to_html(table);
}

// The epoch that the validation chose.
std::optional<double> best_epoch_of(const ordered_json& result) {
  const ordered_json validation = result.value(kValidationKey, ordered_json::object());
  return validation.contains("epoch") ? std::optional(validation["epoch"].get<double>())
                                      : std::nullopt;
}

report::Html head_line(const ordered_json& config, const ordered_json& data, bool has_result) {
  return report::note(fmt::format("model {}, {} users, {} items, {} events{}",
                                  text_of(config.value("model", ordered_json("?"))),
                                  text_of(data.value("users", ordered_json("?"))),
                                  text_of(data.value("items", ordered_json("?"))),
                                  text_of(data.value("events", ordered_json("?"))),
                                  has_result ? "" : "; the training has no result yet"));
}

// The part of the page, or the number for it, that `make` returns. Throws CheckpointError that
// names its file if the content has another form.
template <class Make>
auto part_from(const std::string& path, const Make& make) {
  try {
    return make();
  } catch (const nlohmann::json::exception&) {
    throw CheckpointError(path, ": expected the content that `elastic train` writes");
  }
}

}  // namespace

std::string run_report(const std::string& run) {
  const auto file = [&](const char* name) { return file_of(run, name); };
  const ordered_json config = train::read_json_object(file("config.json"));
  const ordered_json data = read_optional(file("data.json"));
  const ordered_json result = read_optional(file("result.json"));
  const ordered_json sources = read_optional(file("sources.json"));
  const std::string id = text_at(data, kRunHash);
  train::check_same_run(file("result.json"), text_at(result, kRunHash), id);
  train::check_same_run(file("sources.json"), text_at(sources, kRunHash), id);
  const std::string metrics = read_metrics(run, id);
  if (is_present(file("model.safetensors"))) {
    const train::SavedModelInfo model = train::read_model_info(file("model.safetensors"));
    check_model_of_run(run, model);
    check_items_of_run(run, model);
  }
  const std::optional<double> best =
      part_from(file("result.json"), [&] { return best_epoch_of(result); });
  const report::Html curves =
      part_from(file("metrics.jsonl"), [&] { return run_curves(metrics, best); });
  const report::Html test = part_from(file("result.json"), [&] {
    report::Html parts;
    return parts << metrics_table(result) << contents(result) << refit_section(result);
  });
  const report::Html validation =
      part_from(file("result.json"), [&] { return validation_section(result); });
  const ordered_json protocol = result.value("protocol", ordered_json::object());
  report::Html body;
  body << head_line(config, data, !result.empty()) << report::section("Test", test) << validation
       << report::section("Curves", curves) << report::section("Protocol", contents(protocol))
       << report::section("Options", options_table(config, sources))
       << report::section("Data", contents(data));
  return report::page("elastic: " + run, body);
}

std::string write_run_report(const std::string& run) {
  const std::string path = file_of(run, "report.html");
  write_file_atomically(path, run_report(run));
  return path;
}

}  // namespace elastic::cli
