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

/// One part of one step; `begin` is in seconds since the origin of the clock.
struct Part {
  const char* name;
  double begin;
  double seconds;
};

/// Waits for the device's work at each border between parts. On the CPU this costs two readings of
/// the clock; a GPU runs the parts one after the other then, with gaps.
class PartClock {
 public:
  using Clock = std::chrono::steady_clock;

  explicit PartClock(Device device, Clock::time_point origin = Clock::now());

  /// Ends the part before, if any, and begins the next.
  void begin(const char* name);
  /// Ends the last part.
  void end();

  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  [[nodiscard]] double now() const;

  Device device_;
  Clock::time_point origin_;
  std::vector<Part> parts_;
  bool open_ = false;  ///< the last part has no end yet
};

}  // namespace elastic::profile
