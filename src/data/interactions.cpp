#include "data/interactions.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "data/column_roles.h"
#include "data/format.h"
#include "data/interaction_cache.h"
#include "data/log_reader.h"
#include "data/missing_value.h"
#include "data/text_file.h"

namespace elastic::data {
namespace {

// Refuses an item column that cannot be one, unless the options name it.
void check_items(const Interactions& log, const ReadOptions& options) {
  constexpr std::size_t kFewestEvents = 20;
  constexpr double kMostDistinct = 0.9;
  const AskedColumns asked = asked_columns(options);
  const LogColumn* const column = log.format.find(Role::kItem);
  if (column == nullptr || !asked.item.empty() || log.events.size() < kFewestEvents) {
    return;
  }
  const auto items = static_cast<double>(log.items.size());
  const std::string place = log.format.layout == Layout::kObjects
                                ? concat("'", column->name, "'")
                                : concat("column ", column->position + 1);
  if (items > kMostDistinct * static_cast<double>(log.events.size())) {
    throw DataError("data: ",
                    log.path,
                    ": ",
                    place,
                    " cannot be the items: nearly every event has another value, ",
                    log.items.size(),
                    " in ",
                    log.events.size(),
                    " events; name the right column, or this one, with --item-column");
  }
  if (log.items.size() == 1) {
    throw DataError("data: ",
                    log.path,
                    ": all ",
                    log.events.size(),
                    " events are of one item, '",
                    log.items.raw(0),
                    "'; if another column holds the items, name it with --item-column");
  }
}

// Refuses a user column with another user in nearly every event, unless the options name it.
void check_users(const Interactions& log, const ReadOptions& options) {
  constexpr std::size_t kFewestEvents = 20;
  constexpr double kMostDistinct = 0.9;
  const LogColumn* const column = log.format.find(Role::kUser);
  if (column == nullptr || !asked_columns(options).user.empty() || column->list != "" ||
      log.events.size() < kFewestEvents ||
      static_cast<double>(log.users.size()) <=
          kMostDistinct * static_cast<double>(log.events.size())) {
    return;
  }
  throw DataError("data: ",
                  log.path,
                  ": ",
                  log.format.layout == Layout::kObjects ? concat("'", column->name, "'")
                                                        : concat("column ", column->position + 1),
                  " cannot be the users: nearly every event has another value, ",
                  log.users.size(),
                  " in ",
                  log.events.size(),
                  " events; name the right column, or this one, with --user-column");
}

// Refuses ids that seem to be missing values, unless the options name the column.
void check_missing(const Interactions& log, Role role, const IdMap& ids, const std::string& asked) {
  const LogColumn* const column = log.format.find(role);
  if (column == nullptr || !asked.empty() || ids.size() < 2) {
    return;
  }
  const auto is_known = [&](std::string_view word) { return ids.find(word).has_value(); };
  const auto* const word = std::find_if(kMissingWords.begin(), kMissingWords.end(), is_known);
  if (word == kMissingWords.end() || std::any_of(word + 1, kMissingWords.end(), is_known)) {
    return;
  }
  const std::int32_t number = *ids.find(*word);
  const auto count = std::count_if(log.events.begin(), log.events.end(), [&](const Event& event) {
    return (role == Role::kUser ? event.user : event.item) == number;
  });
  const std::string name =
      column->name.empty() ? std::to_string(column->position + 1) : column->name;
  const char* const kind = choice_name(role);
  throw DataError("data: ",
                  log.path,
                  ": the ",
                  kind,
                  " of ",
                  count,
                  " of ",
                  log.events.size(),
                  " events is '",
                  *word,
                  "', as missing values are written: --keep '",
                  name,
                  "!=",
                  *word,
                  "' leaves them out, --",
                  kind,
                  "-column '",
                  name,
                  "' takes it for an id");
}

void parse(std::string text, const ReadOptions& options, Interactions& log) {
  const bool may_hold_objects =
      options.format == FileFormat::kAuto || options.format == FileFormat::kJsonl;
  const auto objects = may_hold_objects ? objects_as_lines(text) : std::nullopt;
  DetectedFormat detected = detect_format(text, objects, log.path, options);
  log.format = std::move(detected.format);
  log.notes.insert(log.notes.end(), detected.notes.begin(), detected.notes.end());
  log.has_rating = log.format.find(Role::kRating) != nullptr;
  log.has_timestamp = log.format.find(Role::kTime) != nullptr;
  read_log(std::move(text),
           log.format,
           {options.on_bad_row == BadRows::kSkip, options.max_bad_rows},
           log);
  if (log.events.empty()) {
    throw DataError("data: ",
                    log.path,
                    log.num_bad_rows > 0 || log.format.keep.empty()
                        ? concat(": no valid row among ", log.num_rows)
                        : concat(": --keep leaves none of the ", log.num_rows, " rows"),
                    log.bad_rows.empty() ? ""
                                         : concat("; the first is line ",
                                                  log.bad_rows.front().line,
                                                  ": ",
                                                  log.bad_rows.front().problem));
  }
  const AskedColumns asked = asked_columns(options);
  check_missing(log, Role::kUser, log.users, asked.user);
  check_missing(log, Role::kItem, log.items, asked.item);
  check_users(log, options);
  check_items(log, options);
}

}  // namespace

Interactions read_interactions(const std::string& path, const ReadOptions& options) {
  check(options);
  Interactions log;
  log.path = path == "-" ? "standard input" : path;
  TextLimits limits;
  if (options.max_input_bytes > 0) {
    limits.most_bytes = static_cast<std::uint64_t>(options.max_input_bytes);
  }
  std::string bytes = read_bytes(path, limits);
  const InteractionCache cache(path == "-" ? "" : options.cache_folder, bytes, options);
  if (cache.read(log)) {
    return log;
  }
  std::string text = decode_text(std::move(bytes), path, limits, &log.notes);
  parse(std::move(text), options, log);
  cache.write(log);
  return log;
}

void append_interactions(Interactions& log, const Interactions& other, LogPart part) {
  append_events(log, other, part);
  log.has_rating = log.has_rating && other.has_rating;
  log.has_timestamp = log.has_timestamp && other.has_timestamp;
}

}  // namespace elastic::data
