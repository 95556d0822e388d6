#include "data/filters.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/event_order.h"
#include "data/log_times.h"
#include "data/time_option.h"

namespace elastic::data {
namespace {

template <class Keep>
void keep_events(std::vector<Event>& events, const Keep& keep) {
  std::erase_if(events, [&](const Event& event) { return !keep(event); });
}

void require_column(bool present, const Interactions& log, const char* option, const char* column) {
  if (!present) {
    throw DataError(
        "data: ", log.path, ": ", option, " needs a ", column, " column, but there is none");
  }
}

void keep_rated(Interactions& log, double min_rating) {
  require_column(log.has_rating, log, "--min-rating", "rating");
  keep_events(log.events,
              [&](const Event& event) { return static_cast<double>(event.rating) >= min_rating; });
}

void keep_times(Interactions& log, const std::string& min_time, const std::string& max_time) {
  const char* option = min_time.empty() ? "--max-time" : "--min-time";
  require_column(log.has_timestamp, log, option, "timestamp");
  const std::int64_t unit = time_unit(log);
  if (!min_time.empty()) {
    const Moment first = resolve_time("--min-time", min_time, unit, log.format.time_format).moment;
    keep_events(log.events, [&](const Event& event) { return moment_of(event) >= first; });
  }
  if (!max_time.empty()) {
    const auto [last, is_date] = resolve_time("--max-time", max_time, unit, log.format.time_format);
    if (is_date) {
      constexpr std::int64_t kDay = 24 * 60 * 60;
      const Moment end{last.whole + kDay * unit, last.billionths};
      keep_events(log.events, [&](const Event& event) { return moment_of(event) < end; });
    } else {
      keep_events(log.events, [&](const Event& event) { return moment_of(event) <= last; });
    }
  }
}

// Keeps each user's earliest event with an item; with `consecutive`, every event that does not
// directly follow one with the same item.
void drop_duplicates(Interactions& log, bool consecutive) {
  const EventOrder order = order_events(log);
  std::vector<bool> drop(log.events.size());
  std::vector<std::int32_t> latest_user(static_cast<std::size_t>(log.items.size()), -1);
  std::int32_t user = -1;
  std::int32_t item = -1;
  for (const std::int32_t position : order.positions) {
    const Event& event = log.events[static_cast<std::size_t>(position)];
    std::int32_t& latest = latest_user[static_cast<std::size_t>(event.item)];
    drop[static_cast<std::size_t>(position)] =
        consecutive ? event.user == user && event.item == item : latest == event.user;
    latest = event.user;
    user = event.user;
    item = event.item;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    if (!drop[i]) {
      log.events[kept++] = log.events[i];
    }
  }
  log.events.resize(kept);
}

// Removes users and items with too few events, repeatedly until all that remain have enough.
void keep_core(Interactions& log, std::int64_t min_user_events, std::int64_t min_item_events) {
  for (std::size_t before = log.events.size() + 1; log.events.size() < before;) {
    before = log.events.size();
    std::vector<std::int64_t> of_user(static_cast<std::size_t>(log.users.size()), 0);
    std::vector<std::int64_t> of_item(static_cast<std::size_t>(log.items.size()), 0);
    for (const Event& event : log.events) {
      ++of_user[static_cast<std::size_t>(event.user)];
      ++of_item[static_cast<std::size_t>(event.item)];
    }
    keep_events(log.events, [&](const Event& event) {
      return of_user[static_cast<std::size_t>(event.user)] >= min_user_events &&
             of_item[static_cast<std::size_t>(event.item)] >= min_item_events;
    });
  }
}

FilterStep count(const char* name, const Interactions& log) {
  std::vector<char> users(static_cast<std::size_t>(log.users.size()));
  std::vector<char> items(static_cast<std::size_t>(log.items.size()));
  for (const Event& event : log.events) {
    users[static_cast<std::size_t>(event.user)] = 1;
    items[static_cast<std::size_t>(event.item)] = 1;
  }
  return {name,
          std::count(users.begin(), users.end(), 1),
          std::count(items.begin(), items.end(), 1),
          static_cast<std::int64_t>(log.events.size())};
}

// Renumbers the ids that still occur, in the order of the events.
IdMap renumber(std::vector<Event>& events, std::int32_t Event::*field, const IdMap& before) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(before.size()), -1);
  IdMap after;
  for (Event& event : events) {
    std::int32_t& number = numbers[static_cast<std::size_t>(event.*field)];
    if (number < 0) {
      number = after.add(before.raw(event.*field));
    }
    event.*field = number;
  }
  return after;
}

}  // namespace

void check(const FilterOptions& options) {
  if (!options.min_time.empty()) {
    resolve_time("--min-time", options.min_time, 1);
  }
  if (!options.max_time.empty()) {
    resolve_time("--max-time", options.max_time, 1);
  }
}

FilterReport filter_events(Interactions& log, const FilterOptions& options) {
  FilterReport report{count("read", log)};
  if (!options.min_time.empty() || !options.max_time.empty()) {
    keep_times(log, options.min_time, options.max_time);
    report.push_back(count("time window", log));
  }
  if (options.min_rating > 0.0) {
    keep_rated(log, options.min_rating);
    report.push_back(count("min rating", log));
  }
  if (options.drop_duplicates != Duplicates::kNone) {
    const bool consecutive = options.drop_duplicates == Duplicates::kConsecutive;
    drop_duplicates(log, consecutive);
    report.push_back(
        count(consecutive ? "consecutive duplicates dropped" : "duplicates dropped", log));
  }
  if (options.min_user_events > 1 || options.min_item_events > 1) {
    keep_core(log, options.min_user_events, options.min_item_events);
    report.push_back(count("min events", log));
  }
  if (log.events.empty()) {
    throw DataError("data: ", log.path, ": the filters leave no event; relax them");
  }
  if (static_cast<std::int64_t>(log.events.size()) < report.front().events) {
    log.users = renumber(log.events, &Event::user, log.users);
    log.items = renumber(log.events, &Event::item, log.items);
  }
  return report;
}

}  // namespace elastic::data
