#include "data/find_column.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "data/column_names.h"
#include "data/fields.h"

namespace elastic::data {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

std::optional<std::size_t> column_number(const std::string& text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  const bool whole = result.ec == std::errc() && result.ptr == end && number > 0;
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

std::size_t find_column(const std::string& text,
                        const std::vector<ColumnSample>& columns,
                        const std::string& option,
                        const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    if (columns[at].name == text) {
      return at;
    }
    names.push_back(columns[at].name);
  }
  for (std::size_t at = 0; at < columns.size(); ++at) {
    if (!text.empty() && (lower(columns[at].name) == lower(text) ||
                          columns[at].name.substr(0, columns[at].name.find(':')) == text)) {
      return at;
    }
  }
  if (const auto number = column_number(text); number && *number <= columns.size()) {
    return *number - 1;
  }
  throw UsageError(option,
                   ": ",
                   path,
                   " has no column '",
                   text,
                   "'; the columns are ",
                   names_of(columns),
                   did_you_mean(text, names));
}

bool is_known_header(const std::vector<std::string_view>& fields, const AskedColumns& asked) {
  bool known = false;
  for (const std::string_view field : fields) {
    if (is_number(field)) {
      return false;
    }
    const NameMeaning meaning = meaning_of(field);
    const bool is_asked =
        field == asked.user || field == asked.item || field == asked.time || field == asked.rating;
    known = known || meaning.user || meaning.item || meaning.time || meaning.rating ||
            (is_asked && !field.empty());
  }
  return known;
}

}  // namespace elastic::data
