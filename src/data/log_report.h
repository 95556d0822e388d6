// What a log holds: for people, before training on it.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
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

/// Counts the events that recur in a user's history.
class Recurrence {
 public:
  /// `log` must outlive it.
  explicit Recurrence(const Interactions& log);
  /// Adds the events of a user, oldest first, as indices of the log's events.
  void add_user(std::span<const std::int32_t> positions);

  /// Events of a user who has another event at the same time.
  [[nodiscard]] std::size_t tied() const { return tied_; }
  /// Events of a user who has an earlier one at the same time with the same item.
  [[nodiscard]] std::size_t identical() const { return identical_; }
  /// Events of a user who has an earlier one with the same item.
  [[nodiscard]] std::size_t repeats() const { return repeats_; }

 private:
  void end_tie();

  const Interactions& log_;
  std::vector<std::int32_t> latest_user_;  // of each item
  std::vector<std::int32_t> tie_;          // items of the user's latest time
  std::size_t tied_ = 0;
  std::size_t identical_ = 0;
  std::size_t repeats_ = 0;
};

/// `order` and `recurrence` are those of the log, which must not be empty.
LogReport report_on(const Interactions& log, const EventOrder& order, const Recurrence& recurrence);

nlohmann::ordered_json to_json(const LogReport& report);

}  // namespace elastic::data
