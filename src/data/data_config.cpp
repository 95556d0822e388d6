#include "data/data_config.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "data/event_order.h"
#include "data/log_times.h"
#include "data/matching_files.h"

namespace elastic::data {
namespace {

bool has_held_out_files(const DataConfig& config) {
  if (config.valid_data.empty() != config.test_data.empty()) {
    throw UsageError("--valid-data and --test-data: expected both, got only ",
                     config.valid_data.empty() ? "--test-data" : "--valid-data");
  }
  std::vector<std::string> inputs = config.data;
  inputs.insert(inputs.end(), {config.items, config.valid_data, config.test_data});
  if (std::count(inputs.begin(), inputs.end(), "-") > 1) {
    throw UsageError("-: standard input can be read only once, but several options name it");
  }
  return !config.valid_data.empty();
}

Interactions read_source(const ReadOptions& options,
                         const std::string& path,
                         std::vector<LogSource>& sources) {
  Interactions log = read_interactions(path, options);
  sources.push_back(log);
  return log;
}

// Adds the events of another file. Throws DataError unless both write their times in one unit.
void append_file(Interactions& log, const Interactions& other, LogPart part) {
  if (log.has_timestamp && other.has_timestamp) {
    const bool one_kind =
        log.format.time_format.is_number() == other.format.time_format.is_number();
    if (!one_kind || time_unit(log) != time_unit(other)) {
      throw DataError("data: ",
                      other.path,
                      ": its times are in another unit than those of ",
                      log.path,
                      "; convert one of them");
    }
  }
  append_interactions(log, other, part);
}

// All files of --data as one log.
Interactions read_all(const DataConfig& config, std::vector<LogSource>& sources) {
  const std::vector<std::string> paths = matching_files(config.data);
  Interactions log = read_source(config.read, paths.front(), sources);
  for (std::size_t i = 1; i < paths.size(); ++i) {
    const Interactions other = read_source(config.read, paths[i], sources);
    if (!log.format.same_form(other.format)) {
      throw DataError("data: ",
                      paths[i],
                      ": its form is not that of ",
                      paths.front(),
                      ": ",
                      other.format.describe(),
                      " instead of ",
                      log.format.describe());
    }
    append_file(log, other, LogPart::kTrain);
  }
  return log;
}

}  // namespace

LoadedData load_data(const DataConfig& config) {
  if (config.data.empty()) {
    throw UsageError("--data: expected a file of interactions");
  }
  if (config.items.empty() && config.titles != TitleOptions{}) {
    throw UsageError(config.titles.id_column.empty() ? "--title-column" : "--id-column",
                     ": expected the file of items; add --items FILE");
  }
  check_ranges(config);
  check(config.filters);
  const SplitRule rule = split_rule(config.split, has_held_out_files(config));
  LoadedData loaded;
  Interactions log = read_all(config, loaded.sources);
  if (rule == SplitRule::kFiles) {
    ReadOptions held_out = config.read;
    held_out.held_out = true;
    append_file(
        log, read_source(held_out, config.valid_data, loaded.sources), LogPart::kValidation);
    append_file(log, read_source(held_out, config.test_data, loaded.sources), LogPart::kTest);
  }
  Recurrence recurrence(log);
  EventOrder order = order_events(
      log, [&](std::span<const std::int32_t> positions) { recurrence.add_user(positions); });
  loaded.log = report_on(log, order, recurrence);
  loaded.filters = filter_events(log, config.filters);
  if (loaded.filters.size() > 1) {
    order = order_events(log);
  }
  loaded.plan = plan_split(log, order, rule, config.split);
  if (!log.has_timestamp) {
    loaded.plan.description += "; events are in file order";
  }
  loaded.units_per_second = time_unit(log);
  const auto dataset = std::make_shared<Dataset>(build_dataset(std::move(log), order));
  if (!config.items.empty()) {
    loaded.titles = read_titles(config.items, config.titles, *dataset);
  }
  loaded.dataset = dataset;
  return loaded;
}

nlohmann::ordered_json to_json(const Split& split) {
  return {{"rule", choice_name(split.rule())},
          {"hash", split.hash()},
          {"train_events", split.num_train_events()},
          {"eval_users", split.eval_users(Subset::kTest).size()},
          {"valid_users", split.eval_users(Subset::kValidation).size()},
          {"cold_users", split.cold_users(Subset::kTest).size()},
          {"cold_valid_users", split.cold_users(Subset::kValidation).size()},
          {"cold_items", split.num_cold_items()},
          {"description", split.description()}};
}

nlohmann::ordered_json describe(const LoadedData& loaded, const Split& split) {
  nlohmann::ordered_json json;
  std::int64_t bad_rows = 0;
  for (const LogSource& source : loaded.sources) {
    bad_rows += source.num_bad_rows;
  }
  json["detected"] = loaded.sources.front().format.describe();
  json["format"] = to_json(loaded.sources.front().format);
  json["order"] = loaded.log.times ? "time" : "file";
  if (loaded.log.times) {
    json["units_per_second"] = loaded.units_per_second;
  }
  json["bad_rows"] = bad_rows;
  for (const FilterStep& step : loaded.filters) {
    json["filters"].push_back({{"after", step.name},
                               {"users", step.users},
                               {"items", step.items},
                               {"events", step.events}});
  }
  json["users"] = split.num_users();
  json["items"] = split.num_items();
  json["events"] = split.dataset().num_events();
  json["titles"] = loaded.titles.num_titles;
  json["data_hash"] = split.dataset().hash();
  json["split"] = to_json(split);
  return json;
}

}  // namespace elastic::data
