// The state of a training run in one file: a run resumed from it gives the same bits as one that
// was never interrupted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/model.h"
#include "tensor/safetensors.h"
#include "train/loss_meter.h"
#include "train/optimizer.h"
#include "train/train_config.h"

namespace elastic::train {

/// The state of a run besides weights and moments.
struct TrainState {
  std::int64_t epoch = 0;        ///< finished epochs
  std::int64_t next_batch = 0;   ///< index within the current epoch
  std::int64_t num_steps = 0;    ///< of all epochs
  std::int64_t num_targets = 0;  ///< of all steps
  std::int64_t num_tokens = 0;   ///< input tokens of all steps
  LossSum epoch_loss;            ///< of the current epoch's steps
  double epoch_seconds = 0.0;    ///< spent on the current epoch's steps
  double elapsed_s = 0.0;        ///< training time of all processes that worked on the run
  double best_metric = -1.0;
  std::int64_t best_epoch = 0;  ///< from 1; 0: no evaluation yet
  std::int64_t evaluations_since_best = 0;
  std::int64_t metrics_bytes = 0;  ///< size of metrics.jsonl
  std::string metrics_checksum;    ///< of these bytes; "" in files of earlier versions
};

/// The options that may change when a run is resumed, because they change only how long it trains:
/// patience, save_every_s, max_time_s, max_tokens, threads, and epochs with a constant schedule;
/// and item_vectors, the location of a file whose features the hash of the run covers.
std::set<std::string> free_options(const TrainConfig& config);

/// When training changes a tensor.
enum class Changes {
  kNever,
  kByUpdates,      ///< of the optimiser
  kByItemUpdates,  ///< of the optimiser, which may name the rows: the item table and its moments
  kAnyTime,
};

/// The content of a checkpoint's file.
struct CheckpointContent {
  std::vector<NamedTensor> tensors;  ///< share the memory of the model and the optimiser
  std::vector<Changes> changes;      ///< of each tensor
  std::map<std::string, std::string> metadata;
};

/// `run` is that of RunIdentity, `teacher` that of Teacher::identity.
CheckpointContent checkpoint_content(const Model& model,
                                     const Optimizer& optimizer,
                                     const TrainConfig& config,
                                     const std::string& data_hash,
                                     const TrainState& state,
                                     const std::string& run = "",
                                     const std::string& teacher = "");

/// Writes the file atomically, with the content of checkpoint_content.
void save_checkpoint(const std::string& path,
                     const Model& model,
                     const Optimizer& optimizer,
                     const TrainConfig& config,
                     const std::string& data_hash,
                     const TrainState& state,
                     const std::string& run = "",
                     const std::string& teacher = "");

/// Loads weights and moments in place and returns the state; on the CPU without a copy. Throws
/// CheckpointError naming the file and the tensor, key or option if the file is unusable, was made
/// from other data, by another run or with another teacher, or has another value of an option that
/// is not among free_options. Model and optimiser are then unusable.
TrainState load_checkpoint(const std::string& path,
                           const Model& model,
                           Optimizer& optimizer,
                           const TrainConfig& config,
                           const std::string& data_hash,
                           const std::string& run = "",
                           const std::string& teacher = "");

/// The optimiser's moments in a checkpoint.
struct SavedMoments {
  Safetensors file;            ///< with moments as Optimizer::state names them
  std::int64_t num_steps = 0;  ///< of which they are the moments
  std::string run;             ///< as in RunIdentity; "" in files of earlier versions
};
/// Throws as load_checkpoint does.
SavedMoments read_moments(const std::string& path);

/// The part of metrics.jsonl that a checkpoint covers, and its run.
struct CheckpointedMetrics {
  std::string run;
  std::int64_t bytes = 0;
  std::string checksum;
};
/// Reads it without the weights. Throws as load_checkpoint does.
CheckpointedMetrics read_checkpointed_metrics(const std::string& path);

}  // namespace elastic::train
