// Times that options give: --min-time, --max-time, --valid-time, --test-time.
#pragma once

#include <cstdint>
#include <string>

#include "data/time_format.h"

namespace elastic::data {

struct OptionTime {
  Moment moment;         ///< of a date: its midnight UTC
  bool is_date = false;  ///< without a time of day
};

/// Parses the time of an option to the log's unit: a number in that unit, an ISO 8601 date or time,
/// or a number as the log writes its dates (20081026), for which `format` is the log's. Throws
/// UsageError naming the option.
OptionTime resolve_time(const char* option,
                        const std::string& text,
                        std::int64_t units_per_second,
                        const TimeFormat& format = {});

}  // namespace elastic::data
