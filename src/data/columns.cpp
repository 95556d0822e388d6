#include "data/columns.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "data/moment.h"

namespace elastic::data {
namespace {

// Third columns of numbers above this hold times, in seconds since 1970: 1970-01-12.
constexpr std::int64_t kEarliestTimestamp = 1'000'000;

// `name` in lower case, without '_', '-' and RecBole's ":type" suffix.
std::string normalised(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, name.find(':'))) {
    if (c != '_' && c != '-' && c != ' ') {
      result += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
  }
  return result;
}

std::optional<Column> column_named(std::string_view field) {
  struct Known {
    Column column;
    std::vector<std::string> names;
  };
  static const std::array<Known, 4> known{
      {{Column::kUser,
        {"user", "userid", "uid", "reviewerid", "customerid", "visitorid", "sessionid"}},
       {Column::kItem,
        {"item",
         "itemid",
         "iid",
         "movieid",
         "movie",
         "asin",
         "productid",
         "bookid",
         "trackid",
         "artistid",
         "videoid",
         "businessid",
         "parentasin",
         "songid",
         "newsid",
         "articleid",
         "items",
         "history",
         "sequence"}},
       {Column::kRating, {"rating", "score", "stars", "overall"}},
       {Column::kTimestamp,
        {"timestamp", "time", "ts", "unixreviewtime", "datetime", "eventtime", "date"}}}};
  const std::string name = normalised(field);
  for (const Known& entry : known) {
    if (std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end()) {
      return entry.column;
    }
  }
  return std::nullopt;
}

// True if the third field of every row with three fields is a number that can only be a timestamp.
bool third_is_time(const std::vector<std::string_view>& rows, FieldSplitter& splitter) {
  return std::all_of(rows.begin(), rows.end(), [&](std::string_view row) {
    const auto& fields = splitter.split(row);
    if (fields.size() != 3) {
      return true;
    }
    const auto number = parse_number_moment(fields[2]);
    return number ? number->whole > kEarliestTimestamp : parse_iso_moment(fields[2]).has_value();
  });
}

}  // namespace

const char* name_of(Column column) {
  switch (column) {
    case Column::kUser:
      return "user";
    case Column::kItem:
      return "item";
    case Column::kRating:
      return "rating";
    case Column::kTimestamp:
      return "timestamp";
    case Column::kIgnored:
      return "-";
  }
  return "-";
}

std::vector<Column> columns_of_header(const std::vector<std::string_view>& fields) {
  std::vector<Column> columns;
  for (const std::string_view field : fields) {
    const Column column = column_named(field).value_or(Column::kIgnored);
    const bool repeated = std::find(columns.begin(), columns.end(), column) != columns.end();
    columns.push_back(repeated ? Column::kIgnored : column);
  }
  const auto has = [&](Column column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  return has(Column::kUser) && has(Column::kItem) ? columns : std::vector<Column>{};
}

std::vector<Column> parse_columns(const std::string& text) {
  std::vector<Column> columns;
  FieldSplitter splitter(",");
  for (const std::string_view name : splitter.split(text)) {
    const std::optional<Column> column = name == "-" ? Column::kIgnored : column_named(name);
    if (!column) {
      throw UsageError(
          "--columns: expected names out of user, item, rating, timestamp and -, got '", name, "'");
    }
    columns.push_back(*column);
  }
  if (std::count(columns.begin(), columns.end(), Column::kUser) != 1 ||
      std::count(columns.begin(), columns.end(), Column::kItem) != 1 ||
      std::count(columns.begin(), columns.end(), Column::kRating) > 1 ||
      std::count(columns.begin(), columns.end(), Column::kTimestamp) > 1) {
    throw UsageError(
        "--columns: expected one user and one item, at most one rating and timestamp, got '",
        text,
        "'");
  }
  return columns;
}

std::vector<Column> columns_by_count(std::size_t count,
                                     const std::vector<std::string_view>& rows,
                                     FieldSplitter& splitter,
                                     const std::string& path) {
  switch (count) {
    case 2:
      return {Column::kUser, Column::kItem};
    case 3:
      return {Column::kUser,
              Column::kItem,
              third_is_time(rows, splitter) ? Column::kTimestamp : Column::kRating};
    case 4:
      return {Column::kUser, Column::kItem, Column::kRating, Column::kTimestamp};
    default:
      throw DataError(
          "data: ",
          path,
          ":1: expected 2 to 4 columns (user, item, rating, timestamp) or a header that "
          "names them, got ",
          count,
          "; name them with --columns, or set --format sequences");
  }
}

}  // namespace elastic::data
