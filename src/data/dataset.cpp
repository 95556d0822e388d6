#include "data/dataset.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "data/content_hash.h"

namespace elastic::data {
namespace {

template <class Keep>
void keep_events(std::vector<Event>& events, const Keep& keep) {
  std::erase_if(events, [&](const Event& event) { return !keep(event); });
}

void drop_low_ratings(Interactions& log, double min_rating) {
  if (!log.has_rating) {
    throw DataError("data: ", log.path, ": --min-rating needs a rating column, but there is none");
  }
  keep_events(log.events,
              [&](const Event& event) { return static_cast<double>(event.rating) >= min_rating; });
}

bool is_earlier(const Event& a, const Event& b) {
  return std::tie(a.timestamp, a.fraction) < std::tie(b.timestamp, b.fraction);
}

// Keeps the earliest event of a user with an item, wherever it stands in the file.
void drop_duplicates(Interactions& log) {
  std::unordered_map<std::uint64_t, const Event*> earliest;
  earliest.reserve(log.events.size());
  const auto key = [](const Event& event) {
    return static_cast<std::uint64_t>(event.user) << 32U | static_cast<std::uint32_t>(event.item);
  };
  for (const Event& event : log.events) {
    const Event*& first = earliest.try_emplace(key(event), &event).first->second;
    if (is_earlier(event, *first)) {
      first = &event;
    }
  }
  std::vector<Event> kept;
  for (const Event& event : log.events) {
    if (earliest.at(key(event)) == &event) {
      kept.push_back(event);
    }
  }
  log.events = std::move(kept);
}

// Users and items of too few events, again until all that are left have enough.
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
  std::vector<bool> users(static_cast<std::size_t>(log.users.size()));
  std::vector<bool> items(static_cast<std::size_t>(log.items.size()));
  for (const Event& event : log.events) {
    users[static_cast<std::size_t>(event.user)] = true;
    items[static_cast<std::size_t>(event.item)] = true;
  }
  return {name,
          std::count(users.begin(), users.end(), true),
          std::count(items.begin(), items.end(), true),
          static_cast<std::int64_t>(log.events.size())};
}

void filter(Interactions& log, const FilterOptions& options, FilterReport& report) {
  report = {count("read", log)};
  if (options.min_rating > 0.0) {
    drop_low_ratings(log, options.min_rating);
    report.push_back(count("min rating", log));
  }
  if (options.drop_duplicates) {
    drop_duplicates(log);
    report.push_back(count("duplicates dropped", log));
  }
  if (options.min_user_events > 1 || options.min_item_events > 1) {
    keep_core(log, options.min_user_events, options.min_item_events);
    report.push_back(count("min events", log));
  }
  if (log.events.empty()) {
    throw DataError("data: ", log.path, ": the filters leave no event; lower them");
  }
}

// Numbers anew, in the order of the events, without the ids that went.
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

// By user, then by time; ties, and all of a log without times, in the order of the file.
std::vector<Event> order(const std::vector<Event>& events,
                         const std::vector<std::int64_t>& offsets) {
  std::vector<Event> ordered(events.size());
  std::vector<std::int64_t> next(offsets.begin(), offsets.end() - 1);
  for (const Event& event : events) {
    ordered[static_cast<std::size_t>(next[static_cast<std::size_t>(event.user)]++)] = event;
  }
  for (std::size_t u = 0; u + 1 < offsets.size(); ++u) {
    const auto begin = ordered.begin() + offsets[u];
    const auto end = ordered.begin() + offsets[u + 1];
    if (!std::is_sorted(begin, end, is_earlier)) {
      std::stable_sort(begin, end, is_earlier);
    }
  }
  return ordered;
}

}  // namespace

Dataset::Dataset(std::vector<std::int64_t> offsets,
                 std::vector<std::int32_t> items,
                 IdMap user_ids,
                 IdMap item_ids)
    : offsets_(std::move(offsets)),
      items_(std::move(items)),
      user_ids_(std::move(user_ids)),
      item_ids_(std::move(item_ids)),
      titles_(static_cast<std::size_t>(item_ids_.size())) {
  ELASTIC_CHECK(offsets_.size() == static_cast<std::size_t>(user_ids_.size()) + 1 &&
                offsets_.back() == num_events());
  ContentHash hash;
  hash.add_values<std::int64_t>(offsets_);
  hash.add_values<std::int32_t>(items_);
  for (const IdMap* ids : {&user_ids_, &item_ids_}) {
    for (const std::string& raw : ids->names()) {
      hash.add(raw);
    }
  }
  hash_ = hash.hex();
}

std::span<const std::int32_t> Dataset::sequence(std::int64_t user) const {
  const auto begin = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(user)]);
  const auto end = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(user) + 1]);
  return std::span(items_).subspan(begin, end - begin);
}

std::optional<std::int32_t> Dataset::find_item(std::string_view raw) const {
  const std::optional<std::int32_t> number = item_ids_.find(raw);
  return number ? std::optional(*number + 1) : std::nullopt;
}

Dataset build_dataset(Interactions log, const FilterOptions& options, FilterReport& report) {
  filter(log, options, report);
  IdMap users = renumber(log.events, &Event::user, log.users);
  IdMap items = renumber(log.events, &Event::item, log.items);
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(users.size()) + 1, 0);
  for (const Event& event : log.events) {
    ++offsets[static_cast<std::size_t>(event.user) + 1];
  }
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  const std::vector<Event> ordered = order(log.events, offsets);
  std::vector<std::int32_t> sequence;
  sequence.reserve(ordered.size());
  for (const Event& event : ordered) {
    sequence.push_back(event.item + 1);
  }
  return {std::move(offsets), std::move(sequence), std::move(users), std::move(items)};
}

}  // namespace elastic::data
