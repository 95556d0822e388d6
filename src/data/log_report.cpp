#include "data/log_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/log_times.h"
#include "data/moment.h"

namespace elastic::data {
namespace {

const Event& event_at(const Interactions& log, std::int32_t position) {
  return log.events[static_cast<std::size_t>(position)];
}

FirstEvent first_event(const Interactions& log, std::int64_t unit) {
  const Event& event = log.events.front();
  FirstEvent first{log.users.raw(event.user), log.items.raw(event.item), std::nullopt, ""};
  if (log.has_rating) {
    first.rating = event.rating;
  }
  if (log.has_timestamp) {
    first.time = describe_time(moment_of(event), unit);
  }
  return first;
}

const char* name_of_unit(std::int64_t unit) {
  return unit == 1           ? "seconds"
         : unit == 1'000     ? "milliseconds"
         : unit == 1'000'000 ? "microseconds"
                             : "nanoseconds";
}

// Calls handle(begin, end) for each run of a user's events at one time, as positions in `order`.
template <class Handle>
void for_each_tie(const Interactions& log, const EventOrder& order, const Handle& handle) {
  for (std::size_t user = 0; user + 1 < order.offsets.size(); ++user) {
    const auto end = static_cast<std::size_t>(order.offsets[user + 1]);
    for (auto begin = static_cast<std::size_t>(order.offsets[user]); begin < end;) {
      const Event& first = event_at(log, order.positions[begin]);
      std::size_t next = begin + 1;
      while (next < end && moment_of(event_at(log, order.positions[next])) == moment_of(first)) {
        ++next;
      }
      if (next - begin > 1) {
        handle(begin, next);
      }
      begin = next;
    }
  }
}

LogTimes times_of(const Interactions& log, const EventOrder& order, std::int64_t unit) {
  const auto [least, greatest] =
      std::minmax_element(log.events.begin(), log.events.end(), [](const Event& a, const Event& b) {
        return moment_of(a) < moment_of(b);
      });
  LogTimes times;
  times.first = describe_time(moment_of(*least), unit);
  times.last = describe_time(moment_of(*greatest), unit);
  const bool dates = !log.format.time_format.is_number() || has_dates(log);
  times.unit = dates ? name_of_unit(unit) : "";
  std::size_t tied = 0;
  std::size_t identical = 0;
  std::vector<std::int32_t> items;
  for_each_tie(log, order, [&](std::size_t begin, std::size_t end) {
    tied += end - begin;
    items.clear();
    for (std::size_t i = begin; i < end; ++i) {
      items.push_back(event_at(log, order.positions[i]).item);
    }
    std::sort(items.begin(), items.end());
    const auto distinct = std::unique(items.begin(), items.end()) - items.begin();
    identical += items.size() - static_cast<std::size_t>(distinct);
  });
  const auto total = static_cast<double>(log.events.size());
  times.ties = static_cast<double>(tied) / total;
  times.identical = static_cast<double>(identical) / total;
  return times;
}

HistoryLengths lengths_of(const EventOrder& order) {
  std::vector<std::int64_t> lengths;
  for (std::size_t user = 0; user + 1 < order.offsets.size(); ++user) {
    lengths.push_back(order.offsets[user + 1] - order.offsets[user]);
  }
  std::sort(lengths.begin(), lengths.end());
  const auto at_share = [&](double share) {
    const double rank = std::ceil(share * static_cast<double>(lengths.size()));
    return lengths[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  HistoryLengths result;
  result.least = lengths.front();
  result.mean = static_cast<double>(order.positions.size()) / static_cast<double>(lengths.size());
  result.median = at_share(0.5);
  result.percentile_90 = at_share(0.9);
  result.percentile_99 = at_share(0.99);
  result.longest = lengths.back();
  return result;
}

double share_of_repeats(const Interactions& log, const EventOrder& order) {
  std::vector<std::int32_t> latest_user(static_cast<std::size_t>(log.items.size()), -1);
  std::size_t repeats = 0;
  for (const std::int32_t position : order.positions) {
    const Event& event = event_at(log, position);
    std::int32_t& latest = latest_user[static_cast<std::size_t>(event.item)];
    repeats += latest == event.user ? 1 : 0;
    latest = event.user;
  }
  return static_cast<double>(repeats) / static_cast<double>(log.events.size());
}

}  // namespace

LogReport report_on(const Interactions& log, const EventOrder& order) {
  const std::int64_t unit = time_unit(log);
  LogReport report;
  report.users = log.users.size();
  report.items = log.items.size();
  report.events = static_cast<std::int64_t>(log.events.size());
  report.first_event = first_event(log, unit);
  if (log.has_timestamp) {
    report.times = times_of(log, order, unit);
  }
  report.lengths = lengths_of(order);
  report.repeats = share_of_repeats(log, order);
  return report;
}

nlohmann::ordered_json to_json(const LogReport& report) {
  nlohmann::ordered_json json{{"users", report.users},
                              {"items", report.items},
                              {"events", report.events},
                              {"order", report.times ? "time" : "file"}};
  auto& first = json["first_event"];
  first = {{"user", report.first_event.user}, {"item", report.first_event.item}};
  if (report.first_event.rating) {
    first["rating"] = *report.first_event.rating;
  }
  if (report.times) {
    first["time"] = report.first_event.time;
    json["times"] = {{"first", report.times->first},
                     {"last", report.times->last},
                     {"unit", report.times->unit},
                     {"ties", report.times->ties},
                     {"identical", report.times->identical}};
  }
  json["lengths"] = {{"least", report.lengths.least},
                     {"mean", report.lengths.mean},
                     {"median", report.lengths.median},
                     {"percentile_90", report.lengths.percentile_90},
                     {"percentile_99", report.lengths.percentile_99},
                     {"longest", report.lengths.longest}};
  json["repeats"] = report.repeats;
  return json;
}

}  // namespace elastic::data
