// Where the data is and how it is read: every option declared once.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

#include "data/dataset.h"
#include "data/split.h"
#include "data/titles.h"

namespace elastic::data {

struct DataConfig {
  std::string data;
  std::string items;
  std::string format = "auto";
  std::string separator = "auto";
  std::string columns;
  std::string on_bad_row = "error";
  double min_rating = 0.0;
  std::int64_t min_user_events = 1;
  std::int64_t min_item_events = 1;
  bool drop_duplicates = false;

  bool operator==(const DataConfig&) const = default;
};

/// Calls visitor(name, field, help) for every option of the config, in the order of the help.
/// `Config` is DataConfig or const DataConfig.
template <class Config, class Visitor>
void visit_options(Config& config, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Config>, DataConfig> {
  visitor(
      "data", config.data, "file of interactions, plain, .gz, .xz or .zst; - for standard input");
  visitor("items", config.items, "file of item ids and titles");
  visitor("format", config.format, "table (a row an event), sequences (a line a user), or auto");
  visitor("separator", config.separator, "tab, comma, space, semicolon, pipe, ::, or auto");
  visitor("columns",
          config.columns,
          "what the columns hold, e.g. user,item,-,timestamp; empty: detected");
  visitor("on_bad_row", config.on_bad_row, "error, or skip: count bad rows and go on");
  visitor("min_rating", config.min_rating, "drop events rated lower; 0: keep all");
  visitor("min_user_events",
          config.min_user_events,
          "drop users of fewer events (with min_item_events, again until nothing changes)");
  visitor("min_item_events", config.min_item_events, "drop items of fewer events");
  visitor("drop_duplicates", config.drop_duplicates, "keep only a user's first event with an item");
}

/// What reading came to, for people and for the run directory.
struct LoadedData {
  std::shared_ptr<const Dataset> dataset;
  std::string detected;
  std::int64_t num_bad_rows = 0;
  std::vector<std::string> bad_rows;
  FilterReport filters;
  TitleReport titles;  ///< empty without an items file
};

/// Reads, filters, orders and names. Throws DataError and UsageError as the parts do.
LoadedData load_data(const DataConfig& config);

/// data.json of a run: counts, hashes, detection, filters, split.
nlohmann::ordered_json describe(const LoadedData& loaded, const Split& split);

}  // namespace elastic::data
