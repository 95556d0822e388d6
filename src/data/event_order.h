// The order of a log's events: by user, then by time.
#pragma once

#include <cstdint>
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
EventOrder order_events(const Interactions& log);

}  // namespace elastic::data
