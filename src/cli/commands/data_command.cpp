#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/visible_text.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/output.h"
#include "cli/runs/run_data.h"
#include "cli/usage/command.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

constexpr const char* kDataDescription = R"(show how a log is read, without training on it

  elastic data ratings.csv
  elastic data events.jsonl --user-column visitor.id --item-column sku --keep type=purchase
  elastic data 'logs/*.csv.gz' -o json

Shows the form and the columns that were detected, the first event, the times, the lengths of the
histories, the share of repeated items, and the split. `train` reads a log with the same options in
the same way.)";

class DataCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "data"; }
  [[nodiscard]] std::string description() const override { return kDataDescription; }
  void declare(OptionTable& table) override {
    table.begin_group("Data");
    table.add("files", &files_, "files of interactions, or quoted patterns; - for standard input")
        .positional("FILE");
    declare_data(table, config_);
    declare_cache(table, cache_);
    declare_output(table, format_);
    table.begin_group("Running");
    table.add("threads", &session_.threads, "threads of the reader; 0: all")
        .within(kThreadCounts)
        .session();
  }
  int run(const OptionTable& table) override;

 private:
  std::vector<std::string> files_;
  data::DataConfig config_;
  std::string cache_ = "auto";
  OutputFormat<TableFormat> format_;
  SessionOptions session_;
};

nlohmann::ordered_json to_json(const data::LogSource& source) {
  nlohmann::ordered_json json{{"path", source.path},
                              {"detected", source.format.describe()},
                              {"format", data::to_json(source.format)},
                              {"rows", source.num_rows},
                              {"bad_rows", source.num_bad_rows},
                              {"far_times", source.num_far_times},
                              {"notes", source.notes}};
  return json;
}

nlohmann::ordered_json to_json(const data::LoadedData& loaded, const data::Split& split) {
  nlohmann::ordered_json json;
  json["files"] = nlohmann::ordered_json::array();
  for (const data::LogSource& source : loaded.sources) {
    json["files"].push_back(to_json(source));
  }
  json.update(data::to_json(loaded.log));
  for (const data::FilterStep& step : loaded.filters) {
    json["filters"].push_back({{"after", step.name},
                               {"users", step.users},
                               {"items", step.items},
                               {"events", step.events}});
  }
  json["titles"] = loaded.titles.num_titles;
  json["split"] = data::to_json(split);
  return json;
}

std::string to_table(const data::LoadedData& loaded, const data::Split& split) {
  std::string text;
  const Notes add_line = [&](const std::string& line) { text += visible(line) + "\n"; };
  note_log(loaded, add_line);
  const data::LogReport& log = loaded.log;
  text += fmt::format("{:<20}{:>12}\n{:<20}{:>12}\n{:<20}{:>12}\n",
                      "users",
                      log.users,
                      "items",
                      log.items,
                      "events",
                      log.events);
  const data::HistoryLengths& lengths = log.lengths;
  text += fmt::format(
      "{:<20}{:>12} least, {:.1f} mean, {} median, {} at 90 %, {} at 99 %, {} longest\n",
      "events of a user",
      lengths.least,
      lengths.mean,
      lengths.median,
      lengths.percentile_90,
      lengths.percentile_99,
      lengths.longest);
  text += fmt::format("{:<20}{:>10.1f} % of the events are of an item that the user had before\n",
                      "repeats",
                      100.0 * log.repeats);
  for (std::size_t i = 1; i < loaded.filters.size(); ++i) {
    const data::FilterStep& step = loaded.filters[i];
    text += fmt::format(
        "{}: {} users, {} items, {} events\n", step.name, step.users, step.items, step.events);
  }
  note_split(split, add_line);
  return text;
}

int DataCommand::run(const OptionTable&) {
  config_.data.insert(config_.data.begin(), files_.begin(), files_.end());
  if (config_.data.empty()) {
    throw UsageError("data: expected a file; elastic data FILE");
  }
  start_session(session_);
  config_.read.cache_folder = cache_folder(cache_);
  const data::LoadedData loaded = data::load_data(config_);
  const data::Split split(loaded.dataset, loaded.plan);
  print(wants_json(format_) ? data::json_text(to_json(loaded, split), 2) + "\n"
                            : to_table(loaded, split));
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_data_command() {
  return std::make_unique<DataCommand>();
}

}  // namespace elastic::cli
