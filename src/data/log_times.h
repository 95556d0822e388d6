// The times of a log as a whole: their unit, and those far from all others.
#pragma once

#include <cstdint>
#include <vector>

#include "data/interactions.h"

namespace elastic::data {

/// Units of the log's timestamps per second: 1, 1000, 1000000 or 1000000000. Of numbers it is the
/// first with which at least half of them are before the year 5138, so that a few times that are
/// far from the others do not matter; 1 for dates, and for a log without times.
std::int64_t time_unit(const Interactions& log);

/// True if at least 90 % of the log's times are from 1990 to 2040.
bool has_dates(const Interactions& log);

struct FarTimes {
  std::int64_t count = 0;
  std::vector<std::int32_t> first;  ///< positions of the first ten in `Interactions::events`
};

/// The events before February 1970 or after the year 2100: placeholders of missing times (0, -1,
/// the year 9999) and times in another unit than the rest. None unless has_dates(): numbers of
/// steps are no dates.
FarTimes find_far_times(const Interactions& log);

}  // namespace elastic::data
