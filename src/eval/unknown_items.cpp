#include "eval/unknown_items.h"

#include <algorithm>
#include <span>

namespace elastic::eval {

KnownHistory known_history(const data::Split& split,
                           std::int32_t user,
                           data::Subset subset,
                           std::int64_t num_known,
                           bool with_times) {
  const std::span<const std::int32_t> items = split.history(user, subset);
  const data::HistoryTimes times =
      with_times ? split.history_times(user, subset) : data::HistoryTimes{};
  KnownHistory known;
  known.items.reserve(items.size());
  known.times.reserve(times.events.size());
  known.asked = times.asked;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i] <= num_known) {
      known.items.push_back(items[i]);
      if (with_times) {
        known.times.push_back(times.events[i]);
      }
    }
  }
  return known;
}

void rank_unknown(const data::Split& split,
                  data::Subset subset,
                  std::int64_t num_known,
                  Ranking& ranking) {
  const auto is_unknown = [&](std::int32_t item) { return item > num_known; };
  UnknownItems unknown;
  for (std::size_t i = 0; i < ranking.users.size(); ++i) {
    const auto history = split.history(ranking.users[i], subset);
    const std::int64_t events = std::count_if(history.begin(), history.end(), is_unknown);
    unknown.events += events;
    unknown.history_events += std::ssize(history);
    unknown.histories += events == std::ssize(history) ? 1 : 0;
    if (is_unknown(ranking.targets[i])) {
      ++unknown.targets;
      ranking.ranks[i] = kMissRank;
    }
  }
  ranking.unknown = unknown;
}

}  // namespace elastic::eval
