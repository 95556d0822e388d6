#include "cli/asking/object_query.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/asking/query.h"
#include "data/fields.h"
#include "data/moment.h"

namespace elastic::cli {
namespace {

constexpr std::size_t kLongestId = 4096;

// Seconds on the clock of the log, rounded down.
std::int64_t seconds_of(std::string_view text, const char* name) {
  constexpr std::int64_t kYear5138 = 100'000'000'000;
  std::optional<data::Moment> time = data::parse_iso_moment(text);
  if (!time) {
    time = data::parse_number_moment(text);
  }
  if (!time || time->whole >= kYear5138 || time->whole <= -kYear5138) {
    throw DataError(name,
                    ": expected a time in seconds, or a date as 2019-12-31T23:59:58, got ",
                    data::excerpt(text));
  }
  return time->whole;
}

bool is_missing(const data::FieldValues& values) {
  return values.entries.empty() && !values.is_list;
}

std::int64_t read_count(const std::string& name, const data::FieldValues& values) {
  const std::string_view text = values.is_list ? "a list" : values.entries.front();
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count < 1) {
    throw DataError(name, ": expected a whole number of 1 or more, got ", data::excerpt(text));
  }
  return count;
}

}  // namespace

void require_id(std::string_view id, const char* where) {
  if (id.empty()) {
    throw DataError(where, ": an id is empty");
  }
  if (id.size() > kLongestId) {
    throw DataError(where, ": an id is longer than ", kLongestId, " bytes");
  }
  if (id.find('\0') != std::string_view::npos) {
    throw DataError(where, ": an id holds a zero byte");
  }
}

ObjectQuery::ObjectQuery(const data::LogFormat* log, bool is_event, bool has_times)
    : is_event_(is_event) {
  if (log != nullptr && log->layout == data::Layout::kObjects) {
    for (const data::LogColumn& column : log->columns) {
      if (column.role == data::Role::kUser) {
        keys_.push_back({column.name, Part::kUser, true});
      } else if (column.role == data::Role::kItem) {
        keys_.push_back({column.name, Part::kItem, true});
      } else if (column.role == data::Role::kPrefix) {
        keys_.push_back({column.name, Part::kPrefix, true});
      }
    }
    syntax_ = log->objects;
  }
  std::vector<Key> own{{"user", Part::kUser}, {"history", Part::kHistory}, {"item", Part::kItem}};
  if (!is_event) {
    own.push_back({"candidates", Part::kCandidates});
    own.push_back({"exclude", Part::kExclude});
    own.push_back({"k", Part::kCount});
  }
  if (has_times) {
    own.push_back({"times", Part::kTimes});
    own.push_back({"time", Part::kTime});
  }
  for (Key& key : own) {  // the log's meaning of a key comes first
    const auto same = [&](const Key& other) { return other.name == key.name; };
    if (std::none_of(keys_.begin(), keys_.end(), same)) {
      keys_.push_back(std::move(key));
    }
  }
  std::vector<std::string> names;
  for (const Key& key : keys_) {
    names.push_back(key.name);
  }
  readers_.emplace_back(data::ObjectSyntax::kJson, names);
  if (syntax_ != data::ObjectSyntax::kJson) {
    readers_.emplace_back(syntax_, names);
  }
}

void ObjectQuery::read(std::string_view content, Query& query) {
  std::string problem = readers_.front().read(content, record_);
  const bool is_json = problem.empty();
  if (!is_json && readers_.size() > 1 && readers_.back().read(content, record_).empty()) {
    problem.clear();
  }
  if (!problem.empty()) {
    throw DataError(problem);
  }
  bool has_log_user = false;
  bool has_log_item = false;
  bool has_renamed_user = false;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!is_missing(record_[i])) {
      const bool of_log = keys_[i].is_of_log;
      has_log_user = has_log_user || (of_log && keys_[i].part == Part::kUser);
      has_renamed_user =
          has_renamed_user || (of_log && keys_[i].part == Part::kUser && keys_[i].name != "user");
      has_log_item = has_log_item || (of_log && keys_[i].part != Part::kUser);
      set(keys_[i], record_[i], query);
    }
  }
  finish(query, has_log_user && has_log_item);
  // Objects of the log have other keys, too.
  if (!has_renamed_user && !(has_log_user && has_log_item) && is_json) {
    require_known_keys(content);
  }
}

void ObjectQuery::set(const Key& key, const data::FieldValues& values, Query& query) const {
  if (key.part == Part::kCount) {
    query.k = read_count(key.name, values);
    return;
  }
  const char* const name = key.name.c_str();
  if (key.part == Part::kTimes || key.part == Part::kTime) {
    set_times(key, values, query);
    return;
  }
  const bool may_be_list = key.part == Part::kItem && key.is_of_log;
  const bool is_list = key.part != Part::kUser && (key.part != Part::kItem || may_be_list);
  if (values.is_list && !is_list) {
    throw DataError(name, ": expected an id (text or a number), got a list");
  }
  if (!values.is_list && is_list && !may_be_list && key.part != Part::kPrefix) {
    throw DataError(name, ": expected [id, ...], got ", data::excerpt(values.entries.front()));
  }
  for (const std::string_view id : values.entries) {
    require_id(id, name);
  }
  std::vector<std::string> ids(values.entries.begin(), values.entries.end());
  switch (key.part) {
    case Part::kUser:
      query.user = std::move(ids.front());
      break;
    case Part::kCandidates:
      query.candidates = std::move(ids);
      break;
    case Part::kExclude:
      query.exclude = std::move(ids);
      break;
    case Part::kCount:  // read above
      break;
    case Part::kPrefix:  // its column may be before or after the item's
      query.history.emplace(std::move(ids));
      query.repeats_history = true;
      break;
    case Part::kHistory:
      query.history = std::move(ids);
      break;
    case Part::kItem:
      if (values.is_list) {
        query.history = std::move(ids);
      } else {
        query.item = std::move(ids.front());
      }
      break;
    case Part::kTimes:
    case Part::kTime:
      break;
  }
}

void ObjectQuery::set_times(const Key& key, const data::FieldValues& values, Query& query) {
  const char* const name = key.name.c_str();
  const bool is_list = key.part == Part::kTimes;
  if (values.is_list != is_list) {
    throw DataError(name, ": expected ", is_list ? "[time, ...]" : "one time");
  }
  std::vector<std::int64_t> times;
  for (const std::string_view text : values.entries) {
    times.push_back(seconds_of(text, name));
  }
  if (is_list) {
    query.times = std::move(times);
  } else {
    query.time = times.front();
  }
}

// An item with a history in front of it, or of an event, is the latest of the history.
void ObjectQuery::finish(Query& query, bool is_log_event) const {
  if (query.item && (query.repeats_history || (is_event_ && !query.history))) {
    if (!query.history) {
      query.history.emplace();
    }
    query.history->push_back(std::move(*query.item));
    query.item.reset();
    if (is_event_ && query.time) {  // of the event
      if (!query.times) {
        query.times.emplace();
      }
      query.times->push_back(*query.time);
    }
  }
  if (query.item && is_log_event && !query.history) {
    query.item.reset();  // a question about the user of the event
  }
  if (query.item && (query.user || query.history)) {
    throw DataError("expected an item without user and history");
  }
  if (!query.user && !query.history && !query.item) {
    throw DataError("expected {\"user\": id} or {\"history\": [id, ...]}");
  }
}

void ObjectQuery::require_known_keys(std::string_view content) const {
  std::vector<std::string> names;
  for (const Key& key : keys_) {
    names.push_back(key.name);
  }
  const auto found = data::flatten_object(data::ObjectSyntax::kJson, content);
  for (const data::KeyValues& values : found.value_or(std::vector<data::KeyValues>{})) {
    const auto is_known = [&](const std::string& name) {
      return values.key == name || values.key.starts_with(name + ".");
    };
    if (std::none_of(names.begin(), names.end(), is_known)) {
      throw DataError("unknown key \"",
                      data::excerpt(values.key),
                      "\"",
                      did_you_mean(values.key.substr(0, 100), names));
    }
  }
}

}  // namespace elastic::cli
