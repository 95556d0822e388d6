#include "data/interactions.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "data/fields.h"
#include "data/text_file.h"

namespace elastic::data {
namespace {

constexpr std::size_t kShownBadRows = 10;

std::optional<float> parse_rating(std::string_view field) {
  float value = 0.0F;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  const bool whole = error == std::errc() && end == field.data() + field.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// Whole numbers exactly; others (RecBole writes 978300760.0) as far as a double goes.
bool parse_timestamp(std::string_view field, Event& event) {
  const char* const last = field.data() + field.size();
  if (const auto [end, error] = std::from_chars(field.data(), last, event.timestamp);
      error == std::errc() && end == last) {
    return true;
  }
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), last, value);
  constexpr double kMost = 9e18;
  if (error != std::errc() || end != last || !(std::abs(value) < kMost)) {
    return false;
  }
  const double whole = std::floor(value);
  event.timestamp = static_cast<std::int64_t>(whole);
  event.fraction = static_cast<float>(value - whole);
  return true;
}

class LogReader {
 public:
  LogReader(const std::string& path, const ReadOptions& options, Interactions& log)
      : path_(path), skip_(options.on_bad_row == "skip"), log_(log) {
    if (options.on_bad_row != "skip" && options.on_bad_row != "error") {
      throw UsageError("--on-bad-row: expected error or skip, got '", options.on_bad_row, "'");
    }
  }

  void read(std::string_view text, const LogFormat& format) {
    FieldSplitter splitter(format.separator);
    LineWalker lines(text, format.separator);
    bool header = format.header;
    for (std::string_view line; lines.next(line);) {
      if (line.find_first_not_of(" \t") == std::string_view::npos) {
        continue;
      }
      if (std::exchange(header, false)) {
        continue;
      }
      const auto& fields = splitter.split(line);
      const std::string problem =
          format.sequences ? add_sequence(fields) : add_row(fields, format.columns);
      if (!problem.empty()) {
        bad_row(concat(
            "data: ", path_, ":", lines.number(), ": ", problem, ": \"", excerpt(line), "\""));
      }
    }
  }

 private:
  // Each gives "" or what is wrong with the row.
  std::string add_row(const std::vector<std::string_view>& fields,
                      const std::vector<Column>& columns) {
    if (fields.size() != columns.size()) {
      return concat("expected ", columns.size(), " fields, got ", fields.size());
    }
    Event event;
    std::string_view user;
    std::string_view item;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      switch (columns[i]) {
        case Column::kUser:
          user = fields[i];
          break;
        case Column::kItem:
          item = fields[i];
          break;
        case Column::kRating:
          if (const auto rating = parse_rating(fields[i])) {
            event.rating = *rating;
          } else {
            return concat("expected a number as rating, got '", excerpt(fields[i]), "'");
          }
          break;
        case Column::kTimestamp:
          if (!parse_timestamp(fields[i], event)) {
            return concat("expected a number as timestamp, got '", excerpt(fields[i]), "'");
          }
          break;
        case Column::kIgnored:
          break;
      }
    }
    if (const std::string problem = check_ids(user, item); !problem.empty()) {
      return problem;
    }
    event.user = log_.users.add(user);
    event.item = log_.items.add(item);
    log_.events.push_back(event);
    return "";
  }

  std::string add_sequence(const std::vector<std::string_view>& fields) {
    if (fields.size() < 2) {
      return "expected a user and at least one item";
    }
    for (std::size_t i = 1; i < fields.size(); ++i) {
      if (const std::string problem = check_ids(fields[0], fields[i]); !problem.empty()) {
        return problem;
      }
    }
    Event event;
    event.user = log_.users.add(fields[0]);
    for (std::size_t i = 1; i < fields.size(); ++i) {
      event.item = log_.items.add(fields[i]);
      log_.events.push_back(event);
    }
    return "";
  }

  static std::string check_ids(std::string_view user, std::string_view item) {
    constexpr std::size_t kLongest = 4096;
    if (user.empty() || item.empty()) {
      return user.empty() ? "the user is empty" : "the item is empty";
    }
    if (user.size() > kLongest || item.size() > kLongest) {
      return "an id is longer than 4096 bytes";
    }
    if (user.find('\0') != std::string_view::npos || item.find('\0') != std::string_view::npos) {
      return "an id holds a zero byte";
    }
    return "";
  }

  void bad_row(std::string message) {
    if (!skip_) {
      throw DataError(message, " (--on-bad-row skip passes over such rows)");
    }
    ++log_.num_bad_rows;
    if (log_.bad_rows.size() < kShownBadRows) {
      log_.bad_rows.push_back(std::move(message));
    }
  }

  const std::string& path_;
  bool skip_;
  Interactions& log_;
};

}  // namespace

Interactions read_interactions(const std::string& path, const ReadOptions& options) {
  Interactions log;
  log.path = path == "-" ? "standard input" : path;
  const std::string text = read_text(path);
  const LogFormat format = detect_format(text, log.path, options);
  log.detected = format.describe();
  for (const Column column : format.columns) {
    log.has_rating = log.has_rating || column == Column::kRating;
    log.has_timestamp = log.has_timestamp || column == Column::kTimestamp;
  }
  LogReader(log.path, options, log).read(text, format);
  if (log.events.empty()) {
    throw DataError("data: ",
                    log.path,
                    ": no valid row among ",
                    log.num_bad_rows,
                    log.bad_rows.empty() ? "" : "; the first: " + log.bad_rows.front());
  }
  if (log.events.size() > std::size_t{std::numeric_limits<std::int32_t>::max()}) {
    throw DataError("data: ", log.path, ": more than 2147483647 events");
  }
  return log;
}

}  // namespace elastic::data
