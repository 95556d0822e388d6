// One training step's input: sequences, and the items to predict after them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/batch.h"
#include "data/split.h"
#include "train/examples.h"

namespace elastic::train {

/// On the host.
struct HostBatch {
  std::vector<std::int32_t> ids;         ///< [T]
  std::vector<std::int32_t> offsets{0};  ///< [B + 1]
  std::vector<std::int32_t> targets;     ///< [R], in the order of the supervised tokens
  /// With supervision window, where some window's first tokens have no target: the places [R] of
  /// those that have one among all windows' tokens. Empty: all have one.
  std::vector<std::int32_t> rows;
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  [[nodiscard]] std::int64_t num_tokens() const { return static_cast<std::int64_t>(ids.size()); }
};

/// On the device.
struct TrainBatch {
  data::Batch batch;
  Tensor targets;
  Tensor rows;  ///< undefined where HostBatch::rows is empty
};

/// Collects the examples' events from the training part of the split.
HostBatch collect_batch(const data::Split& split,
                        std::span<const Example> examples,
                        const ExampleOptions& options);
TrainBatch upload(const HostBatch& batch, Device device);

}  // namespace elastic::train
