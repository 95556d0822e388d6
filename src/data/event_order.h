// The order of a log's events: by user, then by time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "data/interactions.h"

namespace elastic::data {

/// For U users and E events.
struct EventOrder {
  std::vector<std::int64_t> offsets;  ///< [U + 1] into `positions`
  /// [E] indices of the log's events, oldest first for each user.
  std::vector<std::int32_t> positions;
};

/// Orders each user's events by part of the log, then by time. Ties, and logs without times, keep
/// the order of the file.
/// `handle_user` is called with the positions of each user in turn, while the events are in the
/// CPU's caches.
using HandleUser = std::function<void(std::span<const std::int32_t> positions)>;
EventOrder order_events(const Interactions& log, const HandleUser& handle_user = {});

}  // namespace elastic::data
