// The mean training loss, kept on the device until somebody asks.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace elastic::train {

/// A mean over targets, summed in the order of the steps: it does not depend on when it was read.
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

  /// Notes a step's mean loss (one element) over `num_targets` targets. Waits for the device only
  /// once in a few hundred steps.
  void add(const Tensor& loss, std::int64_t num_targets);

  /// Reads what was noted since the last time. All that has been read is then in `epoch` and
  /// `recent`.
  void read();

  LossSum epoch;   ///< reset by whoever begins an epoch
  LossSum recent;  ///< reset by whoever reports

 private:
  Tensor losses_;                      ///< [capacity], of the steps not read yet
  std::vector<std::int64_t> targets_;  ///< of the same steps
};

}  // namespace elastic::train
