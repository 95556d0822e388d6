// Lines of the input of `predict`, parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/asking/log_rows.h"
#include "cli/asking/object_query.h"
#include "data/log_format.h"
#include "model/model_choices.h"

namespace elastic::cli {

/// The content of a line that is not a JSON object.
enum class PlainLine {
  kAny,      ///< a row of the log, else a user's id
  kUser,     ///< a user's id
  kHistory,  ///< item ids separated by blanks, oldest first
  kItem,     ///< an item's id
  kEvent,    ///< a row of the log, else a user's id and optionally a blank and the next item
};

struct Query {
  std::int64_t line = 0;                            ///< of the input, from 1
  std::optional<std::string> user;                  ///< the user, or a label of the history
  std::optional<std::vector<std::string>> history;  ///< raw item ids; absent: the user's own events
  std::optional<std::string> item;                  ///< the question is for its nearest items
  std::optional<std::vector<std::string>> candidates;  ///< raw ids: rank only these
  std::optional<std::vector<std::string>> exclude;     ///< raw ids: leave these out
  std::optional<std::int64_t> k;                       ///< number of items in the answer
  /// In whole seconds, one for each item of the history; only for models that read times.
  std::optional<std::vector<std::int64_t>> times;
  std::optional<std::int64_t> time;  ///< of the event that the question is about
  bool repeats_history = false;      ///< of an event: all but the last item may be known already
  std::string error;                 ///< the reason if the line is invalid, else ""
};

/// The times that questions must give.
struct QuestionTimes {
  TimeFeatures features = TimeFeatures::kNone;  ///< of the model
  std::int64_t units_per_second = 1;            ///< of the times in the log
};

/// Parses the lines of one input. The meaning of a line depends on the line and the log's form
/// alone; only of logs with heads such as "17:" it depends on the latest head.
class QueryParser {
 public:
  /// `log` is the form of the run's log; nullopt for a run that does not know it.
  explicit QueryParser(PlainLine plain,
                       std::optional<data::LogFormat> log = std::nullopt,
                       const QuestionTimes& times = {});

  /// nullopt for a line to pass over: a blank one, a header, a row that the conditions of the log
  /// leave out. Does not throw for an invalid line: see Query::error.
  ///
  /// An object is {"user": id}, {"history": [id, ...]} or both, or {"item": id}, each with optional
  /// "candidates": [id, ...], "exclude": [id, ...] and "k": number; the keys of a log of objects
  /// have the same meaning. With kEvent, {"user": id, "item": id} is an event, and these three are
  /// invalid.
  ///
  /// If the model reads times, a history needs "times": [time, ...], an event "time", and with
  /// TimeFeatures::kAsked every question but one about an item "time": a date and time of ISO 8601,
  /// or a number of seconds on the clock of the log. Rows of a log with times have them already.
  std::optional<Query> parse(std::string_view text, std::int64_t line);

  [[nodiscard]] PlainLine plain() const { return plain_; }

 private:
  enum class Row { kRead, kPassed, kNone };
  bool parse_content(std::string_view text, std::string_view content, Query& query);
  Row parse_row(std::string_view text, std::string_view content, Query& query);
  void parse_plain(std::string_view content, Query& query);
  void check_times(const Query& query) const;

  PlainLine plain_;
  TimeFeatures features_;
  std::unique_ptr<LogRows> rows_;  ///< null if no line is read as the log's
  ObjectQuery objects_;
};

}  // namespace elastic::cli
