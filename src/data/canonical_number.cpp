#include "data/canonical_number.h"

#include <algorithm>
#include <charconv>

#include "data/take_text.h"

namespace elastic::data {
namespace {

/// The parts of a number of JSON.
struct NumberParts {
  bool is_negative = false;
  std::string_view integer;
  std::string_view fraction;  // without the point
  std::string_view exponent;  // without the letter; may have a sign
};

bool split_number(std::string_view text, NumberParts& parts) {
  parts.is_negative = take(text, '-');
  parts.integer = take_digits(text);
  if (parts.integer.empty() || (parts.integer.size() > 1 && parts.integer.front() == '0')) {
    return false;
  }
  if (take(text, '.')) {
    parts.fraction = take_digits(text);
    if (parts.fraction.empty()) {
      return false;
    }
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    parts.exponent = text;
    if (!take(text, '-')) {
      take(text, '+');
    }
    if (take_digits(text).empty()) {
      return false;
    }
  }
  return text.empty();
}

bool is_zero(std::string_view digits) {
  return digits.find_first_not_of('0') == std::string_view::npos;
}

/// Writes an integer with an exponent as digits. False if the value has a fraction or is too long.
bool expand(const NumberParts& parts, std::string& out) {
  constexpr std::int64_t kMostDigits = 40;
  std::int64_t exponent = 0;
  const std::string_view digits = parts.exponent.substr(parts.exponent.front() == '+' ? 1 : 0);
  const char* const end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, exponent).ec != std::errc() || exponent > kMostDigits ||
      exponent < -static_cast<std::int64_t>(parts.integer.size())) {
    return false;
  }
  out.assign(parts.integer).append(parts.fraction);
  exponent -= static_cast<std::int64_t>(parts.fraction.size());
  for (; exponent < 0 && out.back() == '0' && out.size() > 1; ++exponent) {
    out.pop_back();
  }
  out.append(static_cast<std::size_t>(std::max<std::int64_t>(exponent, 0)), '0');
  out.erase(0, out.find_first_not_of('0'));
  if (exponent < 0 || out.size() > static_cast<std::size_t>(kMostDigits)) {
    return false;
  }
  if (parts.is_negative) {
    out.insert(0, 1, '-');
  }
  return true;
}

}  // namespace

bool is_json_number(std::string_view text) {
  NumberParts parts;
  return split_number(text, parts);
}

std::string_view canonical_number(std::string_view raw, std::string& buffer) {
  NumberParts parts;
  if (!split_number(raw, parts)) {
    return raw;
  }
  if (is_zero(parts.integer) && is_zero(parts.fraction)) {
    return "0";
  }
  if (!parts.exponent.empty()) {
    return expand(parts, buffer) ? std::string_view(buffer) : raw;
  }
  return is_zero(parts.fraction) ? raw.substr(0, parts.integer.size() + (parts.is_negative ? 1 : 0))
                                 : raw;
}

}  // namespace elastic::data
