// What the values of a column look like.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "data/time_format.h"

namespace elastic::data {

/// Shares are of the values that are not missing.
struct ColumnContent {
  std::size_t count = 0;   ///< values
  std::size_t filled = 0;  ///< values that are not missing
  std::size_t distinct = 0;
  double numbers = 0.0;   ///< share of numbers
  double integers = 0.0;  ///< share of integers
  double least = 0.0;     ///< of the numbers
  double greatest = 0.0;
  bool epoch = false;        ///< the numbers are times since 1970, from 1990 to 2040
  bool time_of_day = false;  ///< 21:58:13
  TimeFormat::Detected times;

  /// Dates, or dates and times of day, rather than numbers.
  [[nodiscard]] bool is_textual_time() const { return times.format && !times.format->is_number(); }
  [[nodiscard]] bool looks_like_time() const {
    return is_textual_time() || !times.ambiguity.empty() || epoch || time_of_day;
  }
  /// Few small numbers, such as stars.
  [[nodiscard]] bool looks_like_rating() const;
  /// Numbers with digits after the point: coordinates, prices.
  [[nodiscard]] bool looks_like_measure() const;
};

ColumnContent content_of(const std::vector<std::string_view>& values);

}  // namespace elastic::data
