#include "data/role_checks.h"

#include <algorithm>

#include "base/error.h"
#include "data/asked_columns.h"
#include "data/column_roles.h"
#include "data/missing_value.h"

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
  throw DataError(
      "data: ",
      log.path,
      ": ",
      log.format.layout == Layout::kObjects ? concat("'", column->name, "'")
                                            : concat("column ", column->position + 1),
      " cannot be the users: nearly every event has another value, ",
      log.users.size(),
      " in ",
      log.events.size(),
      " events; name the right columns, or this one, with --user-column and --item-column");
}

// Refuses a log of one user, unless the options name the column: a document that is one object, or
// a column that is the same in all rows.
void check_one_user(const Interactions& log, const AskedColumns& asked) {
  constexpr std::size_t kFewestEvents = 20;
  const LogColumn* const column = log.format.find(Role::kUser);
  const bool lines = log.format.layout == Layout::kSequences;
  if (log.users.size() != 1 || log.events.size() < kFewestEvents || lines || !asked.user.empty()) {
    return;
  }
  const std::string item =
      log.format.find(Role::kItem) == nullptr
          ? ""
          : concat(", with the items in '", log.format.find(Role::kItem)->name, "'");
  throw DataError("data: ",
                  log.path,
                  ": all ",
                  log.events.size(),
                  " events are of one user",
                  column == nullptr ? item : concat(", '", log.users.raw(0), "'"),
                  "; name the columns with --user-column and --item-column");
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

}  // namespace

void check_roles(const Interactions& log, const ReadOptions& options) {
  const AskedColumns asked = asked_columns(options);
  check_missing(log, Role::kUser, log.users, asked.user);
  check_missing(log, Role::kItem, log.items, asked.item);
  if (!options.held_out) {
    check_one_user(log, asked);
    check_users(log, options);
    check_items(log, options);
  }
}

}  // namespace elastic::data
