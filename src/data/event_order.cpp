#include "data/event_order.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace elastic::data {

EventOrder order_events(const Interactions& log, const HandleUser& handle_user) {
  EventOrder order;
  order.offsets.assign(static_cast<std::size_t>(log.users.size()) + 1, 0);
  for (const Event& event : log.events) {
    ++order.offsets[static_cast<std::size_t>(event.user) + 1];
  }
  std::partial_sum(order.offsets.begin(), order.offsets.end(), order.offsets.begin());
  order.positions.resize(log.events.size());
  std::vector<std::int64_t> next(order.offsets.begin(), order.offsets.end() - 1);
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    const auto user = static_cast<std::size_t>(log.events[i].user);
    order.positions[static_cast<std::size_t>(next[user]++)] = static_cast<std::int32_t>(i);
  }
  const auto earlier = [&](std::int32_t a, std::int32_t b) {
    const Event& one = log.events[static_cast<std::size_t>(a)];
    const Event& other = log.events[static_cast<std::size_t>(b)];
    return std::tuple(one.part, moment_of(one)) < std::tuple(other.part, moment_of(other));
  };
  for (std::size_t user = 0; user + 1 < order.offsets.size(); ++user) {
    const auto begin = order.positions.begin() + order.offsets[user];
    const auto end = order.positions.begin() + order.offsets[user + 1];
    if (!std::is_sorted(begin, end, earlier)) {
      std::stable_sort(begin, end, earlier);
    }
    if (handle_user) {
      handle_user({begin, end});
    }
  }
  return order;
}

}  // namespace elastic::data
