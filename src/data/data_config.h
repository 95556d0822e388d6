// The options of reading, filtering and splitting the data, each declared once.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "base/option_range.h"
#include "data/dataset.h"
#include "data/filters.h"
#include "data/log_report.h"
#include "data/read_options.h"
#include "data/split.h"
#include "data/titles.h"

namespace elastic::data {

struct DataConfig {
  std::vector<std::string> data = {};  ///< files or patterns such as "logs/*.csv", of one form
  std::string items = "";
  TitleOptions titles{};
  ReadOptions read{};  ///< its cache folder is not an option of a run: no result depends on it
  FilterOptions filters{};
  SplitOptions split{};
  std::string valid_data = "";
  std::string test_data = "";

  bool operator==(const DataConfig&) const = default;
};

/// Shares of rows and of events.
inline constexpr RealRange kShares{.low = 0.0, .high = 1.0};
inline constexpr RealRange kOpenShares{
    .low = 0.0, .high = 1.0, .open_low = true, .open_high = true};

namespace options {

template <class Options, class Visitor>
void visit_read(Options& options, Visitor&& visitor) {
  visitor("format", options.format, "format of the file");
  visitor("separator", options.separator, "separator of the columns");
  visitor(
      "columns",
      options.columns,
      "columns by position, user,item,-,timestamp, or by name, user=visitor_id,item=sku; empty: "
      "detected");
  visitor("user_column",
          options.user_column,
          "column of the users: its name, its number from 1, or a JSON key (a.b for a nested one); "
          "-: none, each line or list is a history");
  visitor("item_column", options.item_column, "column of the items");
  visitor("time_column",
          options.time_column,
          "column of the times; DATE+TIME for two columns; -: none, events are in file order");
  visitor("rating_column", options.rating_column, "column of the ratings; -: none");
  visitor("time_format",
          options.time_format,
          "form of the times, as strptime's: %d/%m/%Y %H:%M; or seconds, milliseconds, ...; empty: "
          "detected");
  visitor(
      "keep",
      options.keep,
      "keep rows of this kind only: behavior=buy,cart or type!=view or watched>=50; repeatable");
  visitor("on_bad_row", options.on_bad_row, "rows that cannot be read");
  visitor("max_bad_rows", options.max_bad_rows, "largest share of bad rows to skip", kShares);
  visitor("max_input_bytes",
          options.max_input_bytes,
          "refuse a file with more bytes, read or unpacked; 0: half of the machine's memory",
          Range{});
}

template <class Options, class Visitor>
void visit_titles(Options& options, Visitor&& visitor) {
  visitor("id_column",
          options.id_column,
          "column of the ids in the file of items: its name, its number from 1, or a JSON key; "
          "empty: the one whose values are items of the data");
  visitor("title_column",
          options.title_column,
          "column of the titles in the file of items; empty: detected");
}

template <class Options, class Visitor>
void visit_filters(Options& options, Visitor&& visitor) {
  visitor("min_time",
          options.min_time,
          "drop earlier events: a number as in the data, or a UTC date or time (2019-12-31T18:00)");
  visitor("max_time", options.max_time, "drop later events; a date includes its whole day");
  visitor("min_rating", options.min_rating, "drop events rated lower; 0: keep all", RealRange{});
  visitor("drop_duplicates",
          options.drop_duplicates,
          "events to drop if a user has several with one item");
  visitor("min_user_events",
          options.min_user_events,
          "drop users with fewer events (repeated with min_item_events until nothing changes)",
          counts_from(1));
  visitor(
      "min_item_events", options.min_item_events, "drop items with fewer events", counts_from(1));
}

template <class Options, class Visitor>
void visit_split(Options& options, Visitor&& visitor) {
  visitor("split", options.rule, "rule that selects the held-out events");
  visitor("valid_time",
          options.valid_time,
          "split time: start of the validation period, written as min_time");
  visitor("test_time", options.test_time, "split time: start of the test period");
  visitor("valid_ratio",
          options.valid_ratio,
          "splits time and ratio: share of the events for validation, if no time is given",
          kOpenShares);
  visitor("test_ratio",
          options.test_ratio,
          "splits time and ratio: share of the events for the test",
          kOpenShares);
}

}  // namespace options

/// Calls visitor(name, field, help, facts...) for every option of the config, in the order of the
/// help. The facts are the Range or RealRange of a number. The help of a choice names its subject;
/// the choices themselves are in its table. `Config` is DataConfig or const DataConfig.
template <class Config, class Visitor>
void visit_options(Config& config, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Config>, DataConfig> {
  visitor("data",
          config.data,
          "file of interactions, plain or compressed (gz, xz, zst, bz2); - for standard input; a "
          "quoted pattern or several files are read as one log");
  visitor("items", config.items, "file of item ids and titles: a table or JSON objects");
  options::visit_titles(config.titles, visitor);
  options::visit_read(config.read, visitor);
  options::visit_filters(config.filters, visitor);
  options::visit_split(config.split, visitor);
  visitor("valid_data", config.valid_data, "split files: validation events, in a format of --data");
  visitor("test_data", config.test_data, "split files: test events");
}

/// The data that was read, with reports for people and for the run directory.
struct LoadedData {
  std::shared_ptr<const Dataset> dataset;
  SplitPlan plan;                  ///< for the dataset's users
  std::vector<LogSource> sources;  ///< the data files; with split files also validation and test
  LogReport log;                   ///< all files as they were read, before the filters
  FilterReport filters;
  std::int64_t units_per_second = 1;  ///< of the log's times, as time_unit() finds them
  TitleReport titles;                 ///< empty without an items file
};

/// Reads, filters, orders and splits the data, and reads titles. Throws DataError and UsageError.
LoadedData load_data(const DataConfig& config);

/// The rule of the split, its hash, and its numbers of events, users and items.
nlohmann::ordered_json to_json(const Split& split);
/// Content of a run's data.json: counts, hashes, detected formats, filters, split.
nlohmann::ordered_json describe(const LoadedData& loaded, const Split& split);

}  // namespace elastic::data
