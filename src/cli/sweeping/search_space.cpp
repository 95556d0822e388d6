#include "cli/sweeping/search_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <regex>

#include "base/error.h"
#include "base/random.h"
#include "base/rounding.h"
#include "base/split_list.h"
#include "profile/lengths.h"

namespace elastic::cli {
namespace {

constexpr std::size_t kMostCombinations = 10000;
constexpr std::int64_t kMostInRange = std::int64_t{1} << 50;
constexpr int kDigits = 4;

[[noreturn]] void refuse(const std::string& text, const std::string& reason) {
  throw UsageError("--set ",
                   text,
                   ": ",
                   reason,
                   "; expected OPTION=VALUES such as dim=64,128, dim=64-256*2, "
                   "learning_rate=log:1e-4:1e-2, dropout=uniform:0:0.5 or num_layers=int:1:4");
}

double parse_bound(const std::string& text, const std::string& bound) {
  double value = 0.0;
  const char* const end = bound.data() + bound.size();
  const auto [stop, error] = std::from_chars(bound.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    refuse(text, concat("'", bound, "' is not a number"));
  }
  return value;
}

void parse_bounds(const std::string& text, const std::string& bounds, Dimension& dimension) {
  const std::size_t colon = bounds.find(':');
  if (colon == std::string::npos) {
    refuse(text, "a distribution has two ends, LOW:HIGH");
  }
  dimension.low = parse_bound(text, bounds.substr(0, colon));
  dimension.high = parse_bound(text, bounds.substr(colon + 1));
  if (dimension.low > dimension.high) {
    refuse(text, "the low end is above the high end");
  }
  if (dimension.kind == Dimension::Kind::kLog && dimension.low <= 0.0) {
    refuse(text, "a logarithmic distribution needs numbers above 0");
  }
  const auto is_whole = [](double value) {
    return value == std::floor(value) && std::fabs(value) <= static_cast<double>(kMostInRange);
  };
  if (dimension.kind == Dimension::Kind::kInt &&
      !(is_whole(dimension.low) && is_whole(dimension.high))) {
    refuse(text, "int needs whole numbers");
  }
}

std::string draw_value(const Dimension& dimension, RandomStream& random) {
  switch (dimension.kind) {
    case Dimension::Kind::kList:
      return dimension.values[random.below(dimension.values.size())];
    case Dimension::Kind::kInt: {
      const auto count = static_cast<std::uint64_t>(dimension.high - dimension.low) + 1;
      return fmt::format("{}",
                         static_cast<std::int64_t>(dimension.low) +
                             static_cast<std::int64_t>(random.below(count)));
    }
    case Dimension::Kind::kLog: {
      const double low = std::log(dimension.low);
      const double value = std::exp(low + random.uniform() * (std::log(dimension.high) - low));
      return fmt::format(
          "{}", std::clamp(round_to_digits(value, kDigits), dimension.low, dimension.high));
    }
    case Dimension::Kind::kUniform:
      break;
  }
  const double value = dimension.low + random.uniform() * (dimension.high - dimension.low);
  return fmt::format("{}",
                     std::clamp(round_to_digits(value, kDigits), dimension.low, dimension.high));
}

}  // namespace

std::vector<std::string> expanded_list(const std::string& source, const std::string& list) {
  static const std::regex range("[0-9]+[kKmMgG]?-[0-9]+[kKmMgG]?[*+][0-9]+[kKmMgG]?");
  std::vector<std::string> values;
  for (const std::string& part : split_list(list)) {
    if (part.empty()) {
      throw UsageError(source, ": a value is empty");
    }
    if (!std::regex_match(part, range)) {
      values.push_back(part);
      continue;
    }
    for (const std::int64_t value : profile::parse_lengths(source, part, kMostInRange)) {
      values.push_back(std::to_string(value));
    }
  }
  return values;
}

Dimension parse_dimension(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    refuse(text, "there is no OPTION=");
  }
  Dimension dimension;
  dimension.key = text.substr(0, equals);
  if (dimension.key.starts_with("--")) {
    dimension.key.erase(0, 2);
  }
  std::replace(dimension.key.begin(), dimension.key.end(), '-', '_');
  dimension.text = text.substr(equals + 1);
  constexpr std::array<std::pair<const char*, Dimension::Kind>, 3> kPrefixes{
      {{"log:", Dimension::Kind::kLog},
       {"uniform:", Dimension::Kind::kUniform},
       {"int:", Dimension::Kind::kInt}}};
  for (const auto& [prefix, kind] : kPrefixes) {
    if (dimension.text.starts_with(prefix)) {
      dimension.kind = kind;
      parse_bounds(text, dimension.text.substr(std::string(prefix).size()), dimension);
      return dimension;
    }
  }
  const std::vector<std::string> parts = split_list(dimension.text);
  if (std::find(parts.begin(), parts.end(), "") != parts.end()) {
    refuse(text, "a value is empty");
  }
  dimension.values = expanded_list("--set " + text, dimension.text);
  return dimension;
}

std::vector<Dimension> parse_space(const std::vector<std::string>& texts) {
  if (texts.empty()) {
    throw UsageError("--set: expected an option to vary; add --set OPTION=VALUES");
  }
  std::vector<Dimension> space;
  for (const std::string& text : texts) {
    space.push_back(parse_dimension(text));
    const std::string& key = space.back().key;
    if (std::count_if(space.begin(), space.end(), [&](const auto& one) { return one.key == key; }) >
        1) {
      refuse(text, concat(key, " is set twice"));
    }
  }
  return space;
}

bool is_grid(const std::vector<Dimension>& space) {
  return std::all_of(space.begin(), space.end(), [](const Dimension& dimension) {
    return dimension.kind == Dimension::Kind::kList;
  });
}

std::vector<Draw> all_combinations(const std::vector<Dimension>& space) {
  std::vector<Draw> all{{}};
  for (const Dimension& dimension : space) {
    if (all.size() * dimension.values.size() > kMostCombinations) {
      throw UsageError("--set: expected at most ",
                       kMostCombinations,
                       " combinations, got more; use --search random --trials N");
    }
    std::vector<Draw> longer;
    for (const Draw& start : all) {
      for (const std::string& value : dimension.values) {
        longer.push_back(start);
        longer.back().emplace_back(dimension.key, value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

Draw draw_combination(const std::vector<Dimension>& space,
                      std::uint64_t seed,
                      std::uint64_t index) {
  Draw draw;
  for (const Dimension& dimension : space) {
    RandomStream random(seed, RandomPurpose::kSearch, hash_name(dimension.key.c_str()) + index);
    draw.emplace_back(dimension.key, draw_value(dimension, random));
  }
  return draw;
}

}  // namespace elastic::cli
