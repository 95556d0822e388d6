#include "data/table_header.h"

#include <algorithm>
#include <string>

#include "data/column_content.h"
#include "data/fields.h"
#include "data/find_column.h"

namespace elastic::data {
namespace {

using Rows = std::vector<std::vector<std::string_view>>;

bool is_letter_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// "user_000009" is a_9: runs of letters and of digits count as one.
std::string shape_of(std::string_view text) {
  std::string shape;
  for (const char c : text) {
    const char kind = c >= '0' && c <= '9' ? '9' : is_letter_of_name(c) ? 'a' : c;
    if (shape.empty() || shape.back() != kind || (kind != '9' && kind != 'a')) {
      shape += kind;
    }
  }
  return shape;
}

// True if most values below have the form of the first row's, with digits in it.
bool is_value_of_column(const Rows& rows, std::size_t at) {
  const std::string_view first = rows.front()[at];
  if (first.find_first_of("0123456789") == std::string_view::npos || rows.size() < 2) {
    return false;
  }
  const std::string shape = shape_of(first);
  const auto same = std::count_if(rows.begin() + 1, rows.end(), [&](const auto& row) {
    return at < row.size() && shape_of(row[at]) == shape;
  });
  return 2 * static_cast<std::size_t>(same) > rows.size() - 1;
}

bool is_number_or_time(std::string_view field) {
  return is_number(field) || content_of({field}).is_textual_time();
}

// True if some field of the first row is no number and no time, but all below it are, and no field
// of the first row is one.
bool stands_above_values(const Rows& rows) {
  const std::vector<std::string_view>& first = rows.front();
  if (rows.size() < 2 || std::any_of(first.begin(), first.end(), is_number_or_time)) {
    return false;
  }
  for (std::size_t at = 0; at < first.size(); ++at) {
    if (std::all_of(rows.begin() + 1, rows.end(), [&](const auto& row) {
          return at < row.size() && is_number_or_time(row[at]);
        })) {
      return true;
    }
  }
  return false;
}

bool may_be_name(std::string_view field) {
  constexpr std::size_t kLongestName = 100;
  return field.size() <= kLongestName && field.find_first_of("{}") == std::string_view::npos;
}

}  // namespace

bool numbers_columns(const Rows& rows) {
  const std::vector<std::string_view>& first = rows.front();
  const std::size_t begin = !first.empty() && first[0].empty() ? 1 : 0;  // above an index
  if (rows.size() < 3 || first.size() < begin + 2) {
    return false;
  }
  bool times = false;
  for (std::size_t at = begin; at < first.size(); ++at) {
    if (first[at] != std::to_string(at - begin)) {
      return false;
    }
    std::vector<std::string_view> below;
    for (std::size_t row = 1; row < rows.size(); ++row) {
      below.push_back(at < rows[row].size() ? rows[row][at] : std::string_view());
    }
    times = times || content_of(below).looks_like_time();
  }
  return times || begin == 1;
}

bool has_header(const Rows& rows, const AskedColumns& asked) {
  const std::vector<std::string_view>& first = rows.front();
  if (!std::all_of(first.begin(), first.end(), may_be_name)) {
    return false;
  }
  for (std::size_t at = 0; at < first.size(); ++at) {
    if (is_value_of_column(rows, at)) {
      return false;
    }
  }
  return is_known_header(first, asked) || stands_above_values(rows);
}

}  // namespace elastic::data
