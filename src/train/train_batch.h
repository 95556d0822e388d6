// The input of a training step: sequences, and the items to predict.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/batch.h"
#include "data/split.h"
#include "tensor/row_lists.h"
#include "train/examples.h"
#include "train/past_events.h"

namespace elastic::train {

/// A batch on the host: B sequences, T tokens, R targets.
struct HostBatch {
  std::vector<std::int32_t> ids;         ///< [T]
  std::vector<std::int32_t> offsets{0};  ///< [B + 1]
  std::vector<std::int32_t> targets;     ///< [R] in the order of the supervised tokens
  /// With supervision window, if the first tokens of some window have no target: the indices [R],
  /// among the tokens of all windows, of those that have one. Empty if all have one.
  std::vector<std::int32_t> rows;
  data::TokenTimes times{};  ///< of the tokens, if the model reads times
  PastLists past;            ///< the items that the loss leaves out; empty: none
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  [[nodiscard]] std::int64_t num_tokens() const { return static_cast<std::int64_t>(ids.size()); }
};

/// The same on a device.
struct TrainBatch {
  data::Batch batch;
  Tensor targets;
  Tensor rows;      ///< undefined if HostBatch::rows is empty
  RowLists past{};  ///< the items that the loss leaves out
};

/// Collects the events of `examples` from the training part of the split.
HostBatch collect_batch(const data::Split& split,
                        std::span<const Example> examples,
                        const ExampleOptions& options);
/// `past_items` are those of PastEvents; unused if HostBatch::past is empty.
TrainBatch upload(const HostBatch& batch, Device device, const Tensor& past_items = {});

}  // namespace elastic::train
