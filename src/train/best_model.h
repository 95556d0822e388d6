// The best model of a run, kept in step with its checkpoint.
#pragma once

#include <cstdint>
#include <string>

#include "train/run_directory.h"
#include "train/saved_model.h"

namespace elastic::train {

/// Two files cannot be replaced at once: a process may end when model.safetensors already holds a
/// better epoch that the checkpoint does not know of. Until the checkpoint does, the former best
/// stays in checkpoints/former-best.safetensors, so that a run which goes on from the checkpoint
/// begins with the model that the checkpoint tells of.
class BestModel {
 public:
  explicit BestModel(const RunDirectory& run);

  /// When a run goes on: brings back the model of `best_epoch` (0: there was none yet) if a later
  /// one stands in its place. Throws CheckpointError if there is none at all.
  void go_back_to(std::int64_t best_epoch) const;
  /// Saves a better model; the one of `former_epoch` (0: none) is kept until `settle`.
  void replace(const Model& model, const SavedModelInfo& info, std::int64_t former_epoch) const;
  /// The checkpoint has been saved: nobody will go back to the former model.
  void settle() const;

 private:
  std::string path_;
  std::string former_path_;
};

}  // namespace elastic::train
