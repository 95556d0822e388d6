#include "data/data_config.h"

#include <utility>

#include "base/error.h"

namespace elastic::data {

LoadedData load_data(const DataConfig& config) {
  if (config.data.empty()) {
    throw UsageError("--data: expected a file of interactions");
  }
  if (config.min_user_events < 1 || config.min_item_events < 1) {
    throw UsageError("--min-user-events and --min-item-events: expected at least 1, got ",
                     config.min_user_events,
                     " and ",
                     config.min_item_events);
  }
  Interactions log = read_interactions(
      config.data, {config.format, config.separator, config.columns, config.on_bad_row});
  LoadedData loaded;
  loaded.detected = log.detected;
  loaded.num_bad_rows = log.num_bad_rows;
  loaded.bad_rows = log.bad_rows;
  const auto dataset = std::make_shared<Dataset>(build_dataset(
      std::move(log),
      {config.min_rating, config.min_user_events, config.min_item_events, config.drop_duplicates},
      loaded.filters));
  if (!config.items.empty()) {
    loaded.titles = read_titles(config.items, *dataset);
  }
  loaded.dataset = dataset;
  return loaded;
}

nlohmann::ordered_json describe(const LoadedData& loaded, const Split& split) {
  nlohmann::ordered_json json;
  json["detected"] = loaded.detected;
  json["bad_rows"] = loaded.num_bad_rows;
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
  json["split"] = {{"rule", Split::rule()},
                   {"hash", split.hash()},
                   {"train_events", split.num_train_events()},
                   {"eval_users", split.eval_users(Subset::kTest).size()}};
  return json;
}

}  // namespace elastic::data
