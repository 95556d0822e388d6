// Where the data is and how it is read: every option declared once.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

#include "data/dataset.h"
#include "data/filters.h"
#include "data/split.h"
#include "data/titles.h"

namespace elastic::data {

struct DataConfig {
  std::string data = "";
  std::string items = "";
  std::string format = "auto";
  std::string separator = "auto";
  std::string columns = "";
  std::string on_bad_row = "error";
  std::string min_time = "";
  std::string max_time = "";
  double min_rating = 0.0;
  std::string drop_duplicates = "none";
  std::int64_t min_user_events = 1;
  std::int64_t min_item_events = 1;
  std::string split = "auto";
  std::string valid_time = "";
  std::string test_time = "";
  double valid_ratio = 0.1;
  double test_ratio = 0.1;
  std::string valid_data = "";
  std::string test_data = "";

  /// Where large files are kept parsed; "": nowhere. No option of a run: nothing depends on it.
  std::string cache_folder = "";

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
  visitor(
      "format",
      config.format,
      "table (a row an event), sequences (a line a user), jsonl (a JSON object a line), or auto");
  visitor("separator", config.separator, "tab, comma, space, semicolon, pipe, ::, or auto");
  visitor("columns",
          config.columns,
          "what the columns hold, e.g. user,item,-,timestamp; empty: detected");
  visitor("on_bad_row", config.on_bad_row, "error, or skip: count bad rows and go on");
  visitor("min_time",
          config.min_time,
          "drop earlier events: a number as in the data, or a UTC date or time (2019-12-31T18:00)");
  visitor("max_time", config.max_time, "drop later events; a date stands for its whole day");
  visitor("min_rating", config.min_rating, "drop events rated lower; 0: keep all");
  visitor("drop_duplicates",
          config.drop_duplicates,
          "of a user's events with one item keep the first (all), or drop those that follow one "
          "directly (consecutive), or none");
  visitor("min_user_events",
          config.min_user_events,
          "drop users of fewer events (with min_item_events, again until nothing changes)");
  visitor("min_item_events", config.min_item_events, "drop items of fewer events");
  visitor("split",
          config.split,
          "what is held out: leave-one-out, time (from a moment on, for all users), ratio (of each "
          "user the last), files (valid_data and test_data), or auto (files where given, else "
          "leave-one-out)");
  visitor("valid_time", config.valid_time, "split time: where the validation begins, as min_time");
  visitor("test_time", config.test_time, "split time: where the test begins");
  visitor("valid_ratio",
          config.valid_ratio,
          "splits time and ratio: share of the events for validation, where no time is given");
  visitor("test_ratio", config.test_ratio, "the same for the test");
  visitor(
      "valid_data", config.valid_data, "split files: the validation events, as a file like data");
  visitor("test_data", config.test_data, "split files: the test events");
}

/// A file of interactions as it was read.
struct DataSource {
  std::string path;
  std::string detected;
  std::int64_t num_bad_rows = 0;  ///< skipped
  std::vector<BadRow> bad_rows;   ///< the first ten
  std::string cache_note;
};

/// The data that was read, with reports for people and for the run directory.
struct LoadedData {
  std::shared_ptr<const Dataset> dataset;
  SplitPlan plan;                   ///< for the dataset's users
  std::vector<DataSource> sources;  ///< the data file; with split files also validation and test
  FilterReport filters;
  TitleReport titles;  ///< empty without an items file
};

/// Reads, filters, orders and splits the data, and reads titles. Throws DataError and UsageError.
LoadedData load_data(const DataConfig& config);

/// Content of a run's data.json: counts, hashes, detected formats, filters, split.
nlohmann::ordered_json describe(const LoadedData& loaded, const Split& split);

}  // namespace elastic::data
