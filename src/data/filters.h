// Filters that a log passes through before it is split.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/interactions.h"

namespace elastic::data {

/// The events to drop if a user has several with the same item.
enum class Duplicates { kNone, kConsecutive, kAll };
constexpr auto choices_of(Duplicates) {
  using enum Duplicates;
  return std::to_array<Choice<Duplicates>>({{kNone, "none"},
                                            {kConsecutive, "consecutive", "direct repetitions"},
                                            {kAll, "all", "all but the first"}});
}

struct FilterOptions {
  /// Drops earlier events; a number in the log's unit, or ISO 8601; "": off.
  std::string min_time = "";
  std::string max_time = "";  ///< drops later events; a date includes its whole day
  double min_rating = 0.0;    ///< drops events rated lower; 0: off
  Duplicates drop_duplicates = Duplicates::kNone;
  /// Repeated with min_item_events until nothing changes (k-core).
  std::int64_t min_user_events = 1;
  std::int64_t min_item_events = 1;

  bool operator==(const FilterOptions&) const = default;
};

/// Throws UsageError for a time that cannot be read, naming the option.
void check(const FilterOptions& options);

struct FilterStep {
  std::string name;
  std::int64_t users = 0;
  std::int64_t items = 0;
  std::int64_t events = 0;
};

/// Counts after reading and after each filter that was on.
using FilterReport = std::vector<FilterStep>;

/// Applies the filters in the order of FilterOptions. The remaining events keep their order; ids
/// that no longer occur are removed and the others renumbered. Throws DataError if no event
/// remains, or if the log lacks the ratings or times that a filter needs.
FilterReport filter_events(Interactions& log, const FilterOptions& options);

}  // namespace elastic::data
