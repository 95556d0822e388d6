/// Parts at the start of a text, taken one after the other.
#pragma once

#include <algorithm>
#include <string_view>

namespace elastic::data {

/// '0' to '9', in any locale.
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Removes the digits at the start of `text` and returns them.
inline std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

/// Removes `c` from the start of `text`, and says whether it was there.
inline bool take(std::string_view& text, char c) {
  const bool found = text.starts_with(c);
  text.remove_prefix(found ? 1 : 0);
  return found;
}

}  // namespace elastic::data
