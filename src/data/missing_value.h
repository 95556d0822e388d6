// How programs write that a value is missing.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace elastic::data {

/// The words for none of R, Python, SQL and JavaScript. Ids may be spelt so, too: only a column
/// with exactly one of these words has missing values.
inline constexpr std::array<std::string_view, 15> kMissingWords{"NA",
                                                                "N/A",
                                                                "n/a",
                                                                "NULL",
                                                                "Null",
                                                                "null",
                                                                "None",
                                                                "NaN",
                                                                "nan",
                                                                "NAN",
                                                                "\\N",
                                                                "<NA>",
                                                                "#N/A",
                                                                "(null)",
                                                                "undefined"};

inline bool is_missing_word(std::string_view value) {
  constexpr std::size_t kLongest = 9;
  return value.size() <= kLongest &&
         std::find(kMissingWords.begin(), kMissingWords.end(), value) != kMissingWords.end();
}

}  // namespace elastic::data
