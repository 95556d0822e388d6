// The numbers that an option accepts, declared next to it by its config's `visit_options`.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>

#include "base/error.h"

namespace elastic {

/// Whole numbers from `low` to `high`; without `high`: any from `low`.
struct Range {
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();

  [[nodiscard]] bool contains(std::int64_t value) const { return value >= low && value <= high; }
  /// For messages: "1 to 8", "0 or more".
  [[nodiscard]] std::string text() const;
};

/// Finite numbers from `low` to `high`, each included unless it is marked as open.
struct RealRange {
  double low = 0.0;
  double high = std::numeric_limits<double>::max();
  bool open_low = false;
  bool open_high = false;

  [[nodiscard]] bool contains(double value) const {
    return (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
  }
  /// For messages: "0 to 1", "above 0", "0 or more and less than 1".
  [[nodiscard]] std::string text() const;
};

/// Numbers above 0.
inline constexpr RealRange kPositive{.low = 0.0, .open_low = true};
/// Counts of steps, epochs and evaluations, from `low`.
constexpr Range counts_from(std::int64_t low) {
  return {low, std::int64_t{1} << 31};
}
/// Spans of time in seconds, up to some thirty years.
inline constexpr RealRange kSeconds{.low = 0.0, .high = 1e9};

/// CPU threads; 0: one per core.
inline constexpr Range kThreadCounts{0, 4096};

/// The range of an option that has one.
using OptionRange = std::variant<std::monostate, Range, RealRange>;

/// The flag of a config key: --num-experts for num_experts.
std::string flag_of(std::string key);

/// Throws UsageError "source: expected 1 to 8, got 9" for a value outside the range.
template <class AnyRange, class Value>
void check_range(const AnyRange& range, Value value, const std::string& source) {
  if (!range.contains(value)) {
    throw UsageError(source, ": expected ", range.text(), ", got ", value);
  }
}

/// Throws UsageError that names the flag of the first option of `config` outside its range.
template <class Config>
void check_ranges(const Config& config) {
  visit_options(config,
                [](const std::string& key, const auto& field, const char*, const auto&... facts) {
                  [[maybe_unused]] const auto check = [&](const auto& fact) {
                    using Fact = std::remove_cvref_t<decltype(fact)>;
                    if constexpr (std::is_same_v<Fact, Range> || std::is_same_v<Fact, RealRange>) {
                      check_range(fact, field, flag_of(key));
                    }
                  };
                  (check(facts), ...);
                });
}

}  // namespace elastic
