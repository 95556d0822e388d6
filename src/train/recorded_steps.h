// Training steps recorded on the device and replayed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "model/model.h"
#include "tensor/backend.h"
#include "train/optimizer.h"
#include "train/train_batch.h"

namespace elastic::train {

/// Training steps with supervision last whose kernels the device records once per bucket of batch
/// shapes and then replays with a single call (CUDA graphs). They pay off if batches are so
/// small that launching the kernels takes longer than running them.
///
/// Each batch is padded to its bucket's number of tokens with dummy sequences of item 0. Their
/// states do not enter the loss, so they add nothing to any gradient.
class RecordedSteps {
 public:
  /// `model` and `optimizer` must outlive this. `past_items` are those of PastEvents, for batches
  /// whose loss leaves items out.
  RecordedSteps(Model& model, Optimizer& optimizer, Tensor past_items = {});

  /// One step, as training_step. The loss [] that it returns is overwritten by the next step.
  Tensor run(const HostBatch& input, const ForwardMode& mode, double learning_rate);

  /// Number of buckets whose step is recorded. Steps run unrecorded on devices that cannot record,
  /// with the same results, so tests need this to see that recording took place.
  [[nodiscard]] std::int64_t num_recorded() const;

 private:
  // The tensors that a bucket's recorded kernels read and write. They live outside the recording
  // pool: a recording must return every block that it takes from the pool, for the next one to
  // find.
  struct Bucket {
    Tensor ids;
    Tensor offsets;
    data::TimeTensors times;
    Tensor targets;
    RowLists past;
    Tensor loss;
    bool warm = false;              ///< has run once, so that its memory is cached
    std::uint32_t recorded_at = 0;  ///< step at which `work` was recorded
    std::unique_ptr<RecordedWork> work;
  };
  // The bucket of `batch`, padded, whose first `num_targets` sequences have a target.
  Bucket& bucket_of(const HostBatch& batch, std::int64_t num_targets);
  Tensor step_in(Bucket& bucket, const ForwardMode& mode, double learning_rate);

  Model& model_;
  Optimizer& optimizer_;
  Tensor past_items_;
  Device device_;
  std::map<std::pair<std::int64_t, std::int64_t>, Bucket> buckets_;  ///< by sequences and tokens
};

}  // namespace elastic::train
