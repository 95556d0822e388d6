// The mean training loss, kept on the device until it is read.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace elastic::train {

/// A mean over targets. Sums are in the order of the steps, independent of the times of reading.
struct LossSum {
  double sum = 0.0;
  std::int64_t num_targets = 0;

  void add(double mean, std::int64_t targets) {
    sum += mean * static_cast<double>(targets);
    num_targets += targets;
  }
  [[nodiscard]] double mean() const {
    return num_targets == 0 ? 0.0 : sum / static_cast<double>(num_targets);
  }
};

class LossMeter {
 public:
  LossMeter(DType dtype, Device device);

  /// Adds a step's mean loss [] over `num_targets` targets. Waits for the device only once in a few
  /// hundred steps.
  void add(const Tensor& loss, std::int64_t num_targets);

  /// Reads the losses that were added since the last call, and adds them to `epoch` and `recent`.
  void read();

  LossSum epoch;   ///< the caller resets it at the start of an epoch
  LossSum recent;  ///< the caller resets it after a report

 private:
  Tensor losses_;                      ///< [capacity] losses of the steps not read yet
  std::vector<std::int64_t> targets_;  ///< of the same steps
};

}  // namespace elastic::train
