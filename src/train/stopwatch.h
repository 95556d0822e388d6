// Measures elapsed time.
#pragma once

#include <chrono>

namespace elastic::train {

class Stopwatch {
 public:
  /// Seconds since the last lap, or since the start; starts a new lap.
  double lap() {
    const double seconds = peek();
    begin_ = Clock::now();
    return seconds;
  }
  /// The same without starting a new lap.
  [[nodiscard]] double peek() const {
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace elastic::train
