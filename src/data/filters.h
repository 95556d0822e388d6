// What is left out of a log before it is split.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/interactions.h"

namespace elastic::data {

/// Which of a user's events with the same item go.
enum class Duplicates { kNone, kConsecutive, kAll };
constexpr auto choices_of(Duplicates) {
  using enum Duplicates;
  return std::to_array<Choice<Duplicates>>(
      {{kNone, "none"},
       {kConsecutive, "consecutive", "those that follow one directly"},
       {kAll, "all", "all but the first"}});
}

struct FilterOptions {
  std::string min_time = "";  ///< earlier events go; a number in the log's unit or ISO; "": none
  std::string max_time = "";  ///< later events go; a date stands for its whole day
  double min_rating = 0.0;    ///< events rated below go; 0: all stay
  Duplicates drop_duplicates = Duplicates::kNone;
  std::int64_t min_user_events =
      1;  ///< with min_item_events iterated until nothing changes (k-core)
  std::int64_t min_item_events = 1;

  bool operator==(const FilterOptions&) const = default;
};

/// Throws UsageError naming the option.
void check(const FilterOptions& options);

struct FilterStep {
  std::string name;
  std::int64_t users = 0;
  std::int64_t items = 0;
  std::int64_t events = 0;
};

/// Counts after reading and after every filter that was on.
using FilterReport = std::vector<FilterStep>;

/// In the order of FilterOptions; the events that stay keep their order, and ids that no longer
/// occur lose their numbers. Throws DataError when nothing is left, or when ratings or times are
/// asked of a log without.
FilterReport filter_events(Interactions& log, const FilterOptions& options);

/// How the log counts time; 1 (seconds) without timestamps.
std::int64_t time_unit(const Interactions& log);

}  // namespace elastic::data
