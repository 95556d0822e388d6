// The events of a log by user and time.
#pragma once

#include <cstdint>
#include <vector>

#include "data/interactions.h"

namespace elastic::data {

/// U users, E events.
struct EventOrder {
  std::vector<std::int64_t> offsets;    ///< [U + 1] into `positions`
  std::vector<std::int32_t> positions;  ///< [E] into the log's events, oldest first for each user
};

/// By part of the log, then by time; ties, and all of a log without times, in the order of the
/// file.
EventOrder order_events(const Interactions& log);

}  // namespace elastic::data
