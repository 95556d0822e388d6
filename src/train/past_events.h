// The events before each target, whose items a loss can leave out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/split.h"
#include "tensor/tensor.h"
#include "train/examples.h"

namespace elastic::train {

/// A slice of PastEvents::items() for each target of a batch.
struct PastLists {
  std::vector<std::int32_t> begins;    ///< [R]
  std::vector<std::int32_t> counts;    ///< [R]
  [[nodiscard]] double total() const;  ///< the sum of `counts`
};

/// The training events of all users on a device: a target's past is a slice of them.
class PastEvents {
 public:
  PastEvents(const data::Split& split, Device device);

  /// The items of the training events, user by user, oldest first: [E] int32.
  [[nodiscard]] const Tensor& items() const { return items_; }
  /// For each target of `examples`, in the order of HostBatch::targets: all events of the user
  /// before it, also those that the model does not read.
  [[nodiscard]] PastLists before_targets(std::span<const Example> examples) const;

 private:
  std::vector<std::int32_t> begins_;  ///< [U] each user's first event
  Tensor items_;
};

}  // namespace elastic::train
