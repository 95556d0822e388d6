#include "cli/asking/query.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "cli/asking/line_reader.h"
#include "data/blanks.h"

namespace elastic::cli {
namespace {

// The blank-separated ids of a line.
std::vector<std::string> split_ids(std::string_view content) {
  std::istringstream stream{std::string(content)};
  std::vector<std::string> ids;
  for (std::string id; stream >> id;) {
    ids.push_back(id);
  }
  return ids;
}

// Rows answer questions and give events unless an option says what lines are.
bool reads_rows(PlainLine plain, const data::LogFormat& log) {
  const bool is_object_log = log.layout == data::Layout::kObjects;
  const bool has_users = log.layout == data::Layout::kSequences || log.find(data::Role::kUser);
  return (plain == PlainLine::kAny && !is_object_log) || (plain == PlainLine::kEvent && has_users);
}

std::unique_ptr<LogRows> make_rows(PlainLine plain,
                                   const std::optional<data::LogFormat>& log,
                                   const QuestionTimes& times) {
  if (!log || !reads_rows(plain, *log)) {
    return nullptr;
  }
  const bool with_times = times.features != TimeFeatures::kNone;
  return std::make_unique<LogRows>(
      *log, with_times ? std::optional(times.units_per_second) : std::nullopt);
}

// A row of a table may begin with a brace, too: {6F9619FF-8B86-D011},17.
bool is_object(std::string_view content, const LogRows* rows) {
  if (content.front() != '{') {
    return false;
  }
  const std::string_view inner = data::stripped(content.substr(1));
  return rows == nullptr || rows->has_objects() || content.back() == '}' ||
         inner.starts_with('"') || inner.starts_with('\'');
}

}  // namespace

QueryParser::QueryParser(PlainLine plain,
                         std::optional<data::LogFormat> log,
                         const QuestionTimes& times)
    : plain_(plain),
      features_(times.features),
      rows_(make_rows(plain, log, times)),
      objects_(log ? &*log : nullptr,
               plain == PlainLine::kEvent,
               times.features != TimeFeatures::kNone) {}

std::optional<Query> QueryParser::parse(std::string_view text, std::int64_t line) {
  Query query;
  query.line = line;
  std::string_view content = data::stripped(text);
  if (rows_ != nullptr && rows_->has_objects()) {
    content = without_list(content);
    text = content;
  }
  if (content.empty()) {
    return std::nullopt;
  }
  try {
    if (text.size() > LineReader::kMaxLineBytes) {
      throw DataError("the line is longer than ", LineReader::kMaxLineBytes, " bytes");
    }
    if (!parse_content(text, content, query)) {
      return std::nullopt;
    }
    check_times(query);
  } catch (const DataError& error) {
    query = Query{};
    query.line = line;
    query.error = error.what();
  }
  return query;
}

// False for a line to pass over.
bool QueryParser::parse_content(std::string_view text, std::string_view content, Query& query) {
  const bool object = is_object(content, rows_.get());
  if (rows_ != nullptr && rows_->has_objects() == object) {
    const Row row = parse_row(text, content, query);
    if (row != Row::kNone) {
      return row == Row::kRead;
    }
  }
  if (object) {
    objects_.read(content, query);
  } else {
    parse_plain(content, query);
  }
  return true;
}

QueryParser::Row QueryParser::parse_row(std::string_view text,
                                        std::string_view content,
                                        Query& query) {
  using Result = data::RowParser::Result;
  const bool is_event = plain_ == PlainLine::kEvent;
  const Result result = rows_->read(text, query.line);
  if (result == Result::kPassed) {
    return Row::kPassed;
  }
  if (!rows_->has_objects() && !rows_->has_fields(text)) {
    return Row::kNone;
  }
  if (result == Result::kProblem) {
    const bool may_be_ids = rows_->is_blank_separated() && split_ids(content).size() <= 2;
    if (is_event && !rows_->has_objects() && !may_be_ids) {
      throw DataError(rows_->problem());
    }
    return Row::kNone;
  }
  if (!rows_->has_events()) {
    return Row::kPassed;
  }
  if (!rows_->has_one_user()) {
    throw DataError("expected events of one user");
  }
  if (rows_->has_users()) {
    query.user = rows_->user();
  }
  if (is_event || rows_->has_histories() || !rows_->has_users()) {
    query.history = rows_->items();
    query.times = rows_->times();
    query.repeats_history = rows_->repeats_history();
  }
  return Row::kRead;
}

void QueryParser::check_times(const Query& query) const {
  if (features_ == TimeFeatures::kNone || query.item) {
    return;
  }
  if (query.history) {
    if (!query.times) {
      throw DataError("the model reads the times of events: expected ",
                      plain_ == PlainLine::kEvent ? "\"time\"" : "\"times\": [time, ...]",
                      " in a JSON object");
    }
    if (query.times->size() != query.history->size()) {
      throw DataError("times: expected one for each of the ",
                      query.history->size(),
                      " events, got ",
                      query.times->size());
    }
    if (!std::is_sorted(query.times->begin(), query.times->end())) {
      throw DataError("times: expected the oldest first");
    }
  }
  if (features_ == TimeFeatures::kAsked && !query.time) {
    throw DataError(
        "the model reads the time of the event to predict: expected \"time\" in a JSON object");
  }
}

void QueryParser::parse_plain(std::string_view content, Query& query) {
  if (plain_ == PlainLine::kHistory) {
    query.history = split_ids(content);
    return;
  }
  if (plain_ == PlainLine::kEvent) {
    const std::vector<std::string> ids = split_ids(content);
    if (ids.size() > 2) {
      throw DataError("expected a user id and an item id");
    }
    for (const std::string& id : ids) {
      require_id(id, "the line");
    }
    query.user = ids.front();
    if (ids.size() == 2) {
      query.history = {ids.back()};
    }
    return;
  }
  const std::string_view id = rows_ == nullptr ? content : rows_->only_field(content);
  require_id(id, "the line");
  (plain_ == PlainLine::kItem ? query.item : query.user) = std::string(id);
}

}  // namespace elastic::cli
