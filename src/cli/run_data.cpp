#include "cli/run_data.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace elastic::cli {
namespace {

void tell(const data::DataConfig& config, const RunData& data, const Notes& notes) {
  const data::LoadedData& loaded = data.loaded;
  notes(fmt::format("data: {}: {}", config.data, loaded.detected));
  if (loaded.num_bad_rows > 0) {
    notes(fmt::format("data: bad rows skipped: {}; the first of them:", loaded.num_bad_rows));
    for (const std::string& row : loaded.bad_rows) {
      notes("  " + row);
    }
  }
  for (const data::FilterStep& step : loaded.filters) {
    notes(fmt::format(
        "data: {}: {} users, {} items, {} events", step.name, step.users, step.items, step.events));
  }
  if (!config.items.empty()) {
    notes(fmt::format("data: {}: {}; titles for {} of {} items",
                      config.items,
                      loaded.titles.detected,
                      loaded.titles.num_titles,
                      data.split.num_items()));
  }
  notes(fmt::format("split: {}, {} events to train on, {} users to evaluate, {}",
                    data::Split::rule(),
                    data.split.num_train_events(),
                    data.split.eval_users(data::Subset::kTest).size(),
                    data.split.hash()));
}

std::string absolute(const std::string& path) {
  return path.empty() || path == "-" ? path
                                     : std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace

void declare_data(OptionTable& table, data::DataConfig& config) {
  table.begin_group("Data");
  table.add_all(config);
  for (const auto& option : table.options()) {
    if (option->key == "data" || option->key == "items") {
      option->value_name = "FILE";
    }
  }
}

void make_paths_absolute(data::DataConfig& config) {
  config.data = absolute(config.data);
  config.items = absolute(config.items);
}

RunData read_data(const data::DataConfig& config, const Notes& notes) {
  data::LoadedData loaded = data::load_data(config);
  data::Split split(loaded.dataset);
  RunData data{std::move(loaded), std::move(split)};
  tell(config, data, notes);
  return data;
}

std::vector<train::ItemName> item_names(const data::Dataset& dataset) {
  std::vector<train::ItemName> names;
  for (std::int64_t item = 1; item <= dataset.num_items(); ++item) {
    names.push_back({dataset.item_id(item), dataset.title(item)});
  }
  return names;
}

}  // namespace elastic::cli
