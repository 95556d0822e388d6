#include "data/log_times.h"

#include <algorithm>
#include <array>

namespace elastic::data {
namespace {

constexpr std::int64_t kFirstUsual = 631'152'000;      // 1990
constexpr std::int64_t kLastUsual = 2'208'988'800;     // 2040
constexpr std::int64_t kFirstCredible = 2'678'400;     // February 1970
constexpr std::int64_t kLastCredible = 4'133'980'800;  // 2101

// Bounds in seconds as a range in the log's unit, which may exceed 64 bits.
struct Range {
  Moment first;
  Moment end;
  [[nodiscard]] bool contains(const Event& event) const {
    const Moment moment = moment_of(event);
    return moment >= first && moment < end;
  }
};

Range range_of(std::int64_t first, std::int64_t end, std::int64_t unit) {
  return {from_seconds({first}, unit), from_seconds({end}, unit)};
}

// The bulk of a long log is judged by every n-th event.
std::size_t stride_of(const Interactions& log) {
  constexpr std::size_t kSampledEvents = 100'000;
  return std::max<std::size_t>(1, log.events.size() / kSampledEvents);
}

}  // namespace

std::int64_t time_unit(const Interactions& log) {
  if (!log.format.time_format.is_number()) {
    return 1;
  }
  // The year 5138 in seconds, milliseconds and microseconds: as milliseconds, the first is in 1973.
  constexpr std::array<std::int64_t, 3> kYear5138{
      100'000'000'000, 100'000'000'000'000, 100'000'000'000'000'000};
  std::array<std::size_t, 3> below{};  // events before 5138 by unit
  const std::size_t stride = stride_of(log);
  std::size_t num_events = 0;
  for (std::size_t i = 0; i < log.events.size(); i += stride) {
    const std::int64_t time = log.events[i].timestamp;
    for (std::size_t at = 0; at < below.size(); ++at) {
      below[at] += time > -kYear5138[at] && time < kYear5138[at] ? 1 : 0;
    }
    ++num_events;
  }
  std::int64_t unit = 1;
  for (const std::size_t count : below) {
    if (2 * count >= num_events) {
      return unit;
    }
    unit *= 1000;
  }
  return unit;
}

bool has_dates(const Interactions& log) {
  const Range usual = range_of(kFirstUsual, kLastUsual, time_unit(log));
  const std::size_t stride = stride_of(log);
  std::size_t num_usual = 0;
  std::size_t num_events = 0;
  for (std::size_t i = 0; i < log.events.size(); i += stride) {
    num_usual += usual.contains(log.events[i]) ? 1 : 0;
    ++num_events;
  }
  return log.has_timestamp && 10 * num_usual >= 9 * num_events;
}

FarTimes find_far_times(const Interactions& log) {
  FarTimes far;
  if (!has_dates(log)) {
    return far;
  }
  constexpr std::size_t kMostNamed = 10;
  const Range credible = range_of(kFirstCredible, kLastCredible, time_unit(log));
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    if (!credible.contains(log.events[i])) {
      ++far.count;
      if (far.first.size() < kMostNamed) {
        far.first.push_back(static_cast<std::int32_t>(i));
      }
    }
  }
  return far;
}

}  // namespace elastic::data
