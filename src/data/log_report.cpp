#include "data/log_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/log_times.h"
#include "data/moment.h"

namespace elastic::data {
namespace {

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

LogTimes times_of(const Interactions& log, const Recurrence& recurrence, std::int64_t unit) {
  const auto [least, greatest] =
      std::minmax_element(log.events.begin(), log.events.end(), [](const Event& a, const Event& b) {
        return moment_of(a) < moment_of(b);
      });
  LogTimes times;
  times.first = describe_time(moment_of(*least), unit);
  times.last = describe_time(moment_of(*greatest), unit);
  const bool dates = !log.format.time_format.is_number() || has_dates(log);
  times.unit = dates ? name_of_unit(unit) : "";
  const auto total = static_cast<double>(log.events.size());
  times.ties = static_cast<double>(recurrence.tied()) / total;
  times.identical = static_cast<double>(recurrence.identical()) / total;
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

}  // namespace

Recurrence::Recurrence(const Interactions& log)
    : log_(log), latest_user_(static_cast<std::size_t>(log.items.size()), -1) {}

void Recurrence::add_user(std::span<const std::int32_t> positions) {
  Moment moment;
  for (const std::int32_t position : positions) {
    const Event& event = log_.events[static_cast<std::size_t>(position)];
    std::int32_t& latest = latest_user_[static_cast<std::size_t>(event.item)];
    repeats_ += latest == event.user ? 1 : 0;
    latest = event.user;
    if (moment_of(event) != moment) {
      end_tie();
      moment = moment_of(event);
    }
    tie_.push_back(event.item);
  }
  end_tie();
}

void Recurrence::end_tie() {
  if (tie_.size() > 1) {
    tied_ += tie_.size();
    std::sort(tie_.begin(), tie_.end());
    const auto distinct = std::unique(tie_.begin(), tie_.end()) - tie_.begin();
    identical_ += tie_.size() - static_cast<std::size_t>(distinct);
  }
  tie_.clear();
}

LogReport report_on(const Interactions& log,
                    const EventOrder& order,
                    const Recurrence& recurrence) {
  const std::int64_t unit = time_unit(log);
  LogReport report;
  report.users = log.users.size();
  report.items = log.items.size();
  report.events = static_cast<std::int64_t>(log.events.size());
  report.first_event = first_event(log, unit);
  if (log.has_timestamp) {
    report.times = times_of(log, recurrence, unit);
  }
  report.lengths = lengths_of(order);
  report.repeats =
      static_cast<double>(recurrence.repeats()) / static_cast<double>(log.events.size());
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
