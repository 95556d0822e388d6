#include "data/keep_rule.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "data/blanks.h"

namespace elastic::data {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && !std::isnan(value) ? std::optional(value) : std::nullopt;
}

[[noreturn]] void refuse(const std::string& text) {
  throw UsageError(
      "--keep: expected COLUMN=VALUE,VALUE, COLUMN!=VALUE or COLUMN>=NUMBER, got '", text, "'");
}

std::vector<std::string> values_in(std::string_view list) {
  std::vector<std::string> values;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    values.emplace_back(stripped(list.substr(begin, end - begin)));
    begin = end + 1;
  }
  return values;
}

}  // namespace

KeepRule KeepRule::parse(const std::string& text) {
  const std::size_t at = text.find_first_of("=<>!");
  if (at == std::string::npos) {
    refuse(text);
  }
  const std::string_view rest = std::string_view(text).substr(at);
  struct Sign {
    std::string_view sign;
    Comparison comparison;
  };
  static constexpr Sign kSigns[] = {{"!=", Comparison::kNotAmong},
                                    {"<=", Comparison::kLessEqual},
                                    {">=", Comparison::kGreaterEqual},
                                    {"<", Comparison::kLess},
                                    {">", Comparison::kGreater},
                                    {"=", Comparison::kAmong}};
  const auto* const found = std::find_if(std::begin(kSigns), std::end(kSigns), [&](const Sign& s) {
    return rest.starts_with(s.sign);
  });
  if (found == std::end(kSigns)) {
    refuse(text);
  }
  KeepRule rule;
  rule.text_ = text;
  rule.column_ = stripped(std::string_view(text).substr(0, at));
  rule.comparison_ = found->comparison;
  rule.values_ = values_in(rest.substr(found->sign.size()));
  if (rule.column_.empty()) {
    refuse(text);
  }
  if (rule.comparison_ != Comparison::kAmong && rule.comparison_ != Comparison::kNotAmong) {
    const auto bound = rule.values_.size() == 1 ? number(rule.values_[0]) : std::nullopt;
    if (!bound) {
      throw UsageError("--keep: expected a number after '", found->sign, "', got '", text, "'");
    }
    rule.bound_ = *bound;
  }
  return rule;
}

bool KeepRule::keeps(std::string_view value) const {
  if (comparison_ == Comparison::kAmong || comparison_ == Comparison::kNotAmong) {
    const bool among = std::find(values_.begin(), values_.end(), value) != values_.end();
    return among == (comparison_ == Comparison::kAmong);
  }
  const std::optional<double> found = number(value);
  if (!found) {
    return false;
  }
  switch (comparison_) {
    case Comparison::kLess:
      return *found < bound_;
    case Comparison::kLessEqual:
      return *found <= bound_;
    case Comparison::kGreater:
      return *found > bound_;
    default:
      return *found >= bound_;
  }
}

}  // namespace elastic::data
