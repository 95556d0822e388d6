// The times of the parts of a training step: forward, loss, backward, optimizer.
#pragma once

#include <chrono>
#include <vector>

#include "tensor/dtype.h"

namespace elastic::profile {

/// The names of the parts, in their order.
inline constexpr const char* kForward = "forward";
inline constexpr const char* kLoss = "loss";
inline constexpr const char* kBackward = "backward";
inline constexpr const char* kOptimizer = "optimizer";
inline constexpr const char* kParts[] = {kForward, kLoss, kBackward, kOptimizer};

/// One part of one step.
struct Part {
  const char* name;
  double seconds;
};

/// Waits for the device's work at each border between parts. On the CPU this costs two readings of
/// the clock; a GPU runs the parts one after the other then, with gaps.
class PartClock {
 public:
  explicit PartClock(Device device) : device_(device) {}

  /// Ends the part before, if any, and begins the next.
  void begin(const char* name);
  /// Ends the last part.
  void end();

  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Clock::time_point now() const;

  Device device_;
  Clock::time_point begin_;  ///< of the last part
  std::vector<Part> parts_;
  bool open_ = false;  ///< the last part has no end yet
};

}  // namespace elastic::profile
