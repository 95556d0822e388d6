#include "data/asked_columns.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/split_list.h"
#include "data/column_names.h"

namespace elastic::data {
namespace {

constexpr const char* kIgnored = "-";

// The field of `asked` for a role's name; null for other names.
std::string* field_of(std::string_view name, AskedColumns& asked) {
  const NameMeaning meaning = meaning_of(name);
  return meaning.user     ? &asked.user
         : meaning.item   ? &asked.item
         : meaning.rating ? &asked.rating
         : meaning.time   ? &asked.time
                          : nullptr;
}

// Sets the role that `name` means to `column`.
void set_role(const std::string& name,
              const std::string& column,
              const std::string& columns,
              AskedColumns& asked) {
  std::string* const field = field_of(name, asked);
  if (field == nullptr || column.empty()) {
    throw UsageError(
        "--columns: expected names out of user, item, rating, timestamp and -, got '", name, "'");
  }
  if (!field->empty()) {
    throw UsageError(
        "--columns: expected one user and one item, at most one rating and timestamp, got '",
        columns,
        "'");
  }
  *field = column;
}

// --columns by position: roles that it leaves out are not in the log.
void take_positions(const std::string& columns, AskedColumns& asked) {
  const std::vector<std::string> names = split_list(columns);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != kIgnored) {
      set_role(names[i], std::to_string(i + 1), columns, asked);
    }
  }
  if (asked.user.empty() || asked.item.empty()) {
    throw UsageError(
        "--columns: expected one user and one item, at most one rating and timestamp, got '",
        columns,
        "'");
  }
  asked.time = asked.time.empty() ? kIgnored : asked.time;
  asked.rating = asked.rating.empty() ? kIgnored : asked.rating;
  asked.num_positions = names.size();
}

void take_names(const std::string& columns, AskedColumns& asked) {
  for (const std::string& pair : split_list(columns)) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      throw UsageError("--columns: expected ROLE=COLUMN,..., as in user=visitor_id,item=sku, got '",
                       columns,
                       "'");
    }
    set_role(pair.substr(0, equals), pair.substr(equals + 1), columns, asked);
  }
}

void take_option(const char* option,
                 const std::string& column,
                 const std::string& columns,
                 std::string& asked) {
  if (column.empty()) {
    return;
  }
  if (!asked.empty() && asked != kIgnored) {
    throw UsageError(option, ": --columns names this column, too: '", columns, "'");
  }
  asked = column;
}

}  // namespace

AskedColumns asked_columns(const ReadOptions& options) {
  AskedColumns asked;
  if (options.columns.find('=') != std::string::npos) {
    take_names(options.columns, asked);
  } else if (!options.columns.empty()) {
    take_positions(options.columns, asked);
  }
  take_option("--user-column", options.user_column, options.columns, asked.user);
  take_option("--item-column", options.item_column, options.columns, asked.item);
  take_option("--time-column", options.time_column, options.columns, asked.time);
  take_option("--rating-column", options.rating_column, options.columns, asked.rating);
  if (asked.item == kIgnored) {
    throw UsageError("--item-column: a log without items cannot be read");
  }
  return asked;
}

}  // namespace elastic::data
