// The direction of a model: the events that the state of an event may depend on.
#pragma once

namespace elastic {

/// kCausal: earlier events only. kBidirectional: all events. kWindowed: the latest `window` events
/// see all events before the window and each other causally; the others see all events before the
/// window.
enum class Direction { kCausal, kBidirectional, kWindowed };
const char* name_of(Direction direction);

}  // namespace elastic
