// Forward, loss, backward and the optimiser's step, as they are or recorded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "model/model.h"
#include "train/optimizer.h"
#include "train/train_batch.h"

namespace elastic::train {

/// The pass whose states [R, D] a batch's targets are predicted from. Throws UsageError for
/// supervision by a window if the model has none.
Pass supervised_pass(Model& model,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode);

/// Cross entropy [] of the targets [R] among all items. Takes the pass, so that backward can free
/// what it holds.
Variable catalogue_loss(Pass pass, const Tensor& targets);

/// One step; returns the loss [].
Tensor training_step(Model& model,
                     Optimizer& optimizer,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode,
                     double learning_rate);

/// Training steps at the last positions whose kernels a device records once for all batches of
/// about the same size, and starts with one call from then on (CUDA graphs): for batches so small
/// that starting their kernels takes longer than running them.
///
/// A batch is filled up to a bucket's number of tokens by sequences of no item, whose states nobody
/// looks at: their gradients are zero, and so are those of the padding item.
class RecordedSteps {
 public:
  /// All of them must outlive this.
  RecordedSteps(Model& model, Optimizer& optimizer);

  /// One step, as training_step; the loss holds until the next one.
  Tensor run(const HostBatch& input, const ForwardMode& mode, double learning_rate);

  /// Buckets whose step is recorded by now.
  [[nodiscard]] std::int64_t num_recorded() const;

 private:
  // What a bucket's recorded kernels read and write, outside the recording pool: a recording must
  // give back all that it takes from there, or another one would find it short.
  struct Bucket {
    Tensor ids;
    Tensor offsets;
    Tensor targets;
    Tensor loss;
    bool warm = false;  ///< has run once, so that the memory it takes is cached
    std::uint32_t recorded_at = 0;
    std::unique_ptr<RecordedWork> work;
  };
  Tensor step_in(Bucket& bucket, const ForwardMode& mode, double learning_rate);

  Model& model_;
  Optimizer& optimizer_;
  Device device_;
  std::map<std::pair<std::int64_t, std::int64_t>, Bucket> buckets_;  ///< by sequences and tokens
};

}  // namespace elastic::train
