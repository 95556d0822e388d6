#include "data/column_content.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_set>

#include "data/missing_value.h"

namespace elastic::data {

bool ColumnContent::looks_like_rating() const {
  constexpr double kMostNumbers = 0.99;
  return filled > 0 && numbers >= kMostNumbers && least >= -10.0 && greatest <= 100.0 &&
         distinct <= 101;
}

bool ColumnContent::looks_like_measure() const {
  return filled > 0 && numbers >= 0.95 && integers < 0.8;
}

namespace {

// The only word for missing values among `values`; "" if there is none, or several.
std::string_view missing_word(const std::vector<std::string_view>& values) {
  std::string_view missing;
  for (const std::string_view value : values) {
    if (!value.empty() && value != missing && is_missing_word(value)) {
      if (!missing.empty()) {
        return "";
      }
      missing = value;
    }
  }
  return missing;
}

}  // namespace

ColumnContent content_of(const std::vector<std::string_view>& values) {
  ColumnContent content;
  content.count = values.size();
  std::unordered_set<std::string_view> distinct;
  std::vector<std::string_view> filled;
  const std::string_view missing = missing_word(values);
  std::size_t numbers = 0;
  std::size_t integers = 0;
  for (const std::string_view value : values) {
    if (value.empty() || value == missing) {
      continue;
    }
    filled.push_back(value);
    distinct.insert(value);
    double number = 0.0;
    const char* const end = value.data() + value.size();
    if (const auto result = std::from_chars(value.data(), end, number);
        result.ec != std::errc() || result.ptr != end || !std::isfinite(number)) {
      continue;
    }
    content.least = numbers == 0 ? number : std::min(content.least, number);
    content.greatest = numbers == 0 ? number : std::max(content.greatest, number);
    ++numbers;
    integers += std::floor(number) == number ? 1 : 0;
  }
  content.filled = filled.size();
  content.distinct = distinct.size();
  if (!filled.empty()) {
    const auto total = static_cast<double>(filled.size());
    content.numbers = static_cast<double>(numbers) / total;
    content.integers = static_cast<double>(integers) / total;
    content.times = TimeFormat::detect(filled);
    content.time_of_day = !content.times.format && content.numbers < 0.05 &&
                          TimeFormat::detect_time_of_day(filled).format.has_value();
    content.epoch = looks_like_epoch(filled);
  }
  return content;
}

}  // namespace elastic::data
