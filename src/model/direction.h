// Which events the state of an event may depend on.
#pragma once

namespace elastic {

/// Whether a state may depend on later events: never; always; or among the events before the latest
/// `window` ones only, which see those all and each other causally.
enum class Direction { kCausal, kBidirectional, kWindowed };
const char* name_of(Direction direction);

}  // namespace elastic
