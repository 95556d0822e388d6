// What a log holds: for people, before training on it.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/event_order.h"
#include "data/interactions.h"

namespace elastic::data {

/// The first event, as it was read.
struct FirstEvent {
  std::string user;
  std::string item;
  std::optional<float> rating;
  std::string time;  ///< with its date; "": the log has no times
};

/// Shares are of the events.
struct LogTimes {
  std::string first;  ///< as describe_time
  std::string last;
  std::string unit;        ///< "seconds", ...; "": plain numbers, no dates
  double ties = 0.0;       ///< the user has another event at the same time
  double identical = 0.0;  ///< the user has an earlier event at the same time with the same item
};

struct HistoryLengths {
  std::int64_t least = 0;
  double mean = 0.0;
  /// Lengths that 50, 90 and 99 % of the users do not exceed, and the longest.
  std::int64_t median = 0;
  std::int64_t percentile_90 = 0;
  std::int64_t percentile_99 = 0;
  std::int64_t longest = 0;
};

struct LogReport {
  std::int64_t users = 0;
  std::int64_t items = 0;
  std::int64_t events = 0;
  FirstEvent first_event;
  std::optional<LogTimes> times;  ///< none: events are in file order
  HistoryLengths lengths;
  double repeats = 0.0;  ///< share of the events with an item that the user had before
};

/// `order` is that of the log, which must not be empty.
LogReport report_on(const Interactions& log, const EventOrder& order);

nlohmann::ordered_json to_json(const LogReport& report);

}  // namespace elastic::data
