#include "model/direction.h"

namespace elastic {

const char* name_of(Direction direction) {
  switch (direction) {
    case Direction::kCausal:
      return "causal";
    case Direction::kBidirectional:
      return "bidirectional";
    case Direction::kWindowed:
      return "windowed";
  }
  return "unknown";
}

}  // namespace elastic
