// The best model of a run, kept consistent with its checkpoint.
#pragma once

#include <cstdint>
#include <string>

#include "train/run_directory.h"
#include "train/saved_model.h"

namespace elastic::train {

/// Two files cannot be replaced at once: a process may be killed after model.safetensors was
/// replaced by a better epoch and before the checkpoint was saved. Until the checkpoint is saved,
/// the former best model is kept in checkpoints/former-best.safetensors, so that a resumed run
/// starts with the best model that its checkpoint refers to.
class BestModel {
 public:
  /// `run_hash` is that of RunIdentity.
  explicit BestModel(const RunDirectory& run, std::string run_hash = "");

  /// On resuming: restores the model of `best_epoch` (0: none yet) with its `metric` if a later one
  /// has replaced it. Throws CheckpointError if neither file exists, or neither is that model.
  void go_back_to(std::int64_t best_epoch, double metric) const;
  /// Saves a better model, and keeps that of `former_epoch` (0: none) until `settle`.
  void replace(const Model& model, const SavedModelInfo& info, std::int64_t former_epoch) const;
  /// Removes the former model; to be called once the checkpoint is saved.
  void settle() const;

 private:
  std::string path_;
  std::string former_path_;
  std::string run_hash_;
};

}  // namespace elastic::train
