// Saves and loads models as self-contained files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/model.h"
#include "tensor/safetensors.h"
#include "train/run_identity.h"

namespace elastic::train {

/// Format version of saved models and checkpoints; files with another version are refused.
inline constexpr int kFormatVersion = 1;

/// The origin of saved weights.
struct SavedModelInfo {
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;  ///< from 1; 0: before training
  std::string metric;      ///< the metric that selected this epoch: "NDCG@10"; "": none did
  double metric_value = 0.0;
  std::string data_hash;
  std::string loss = "softmax";     ///< as in TrainConfig; the default for files without it
  std::string train_seen = "keep";  ///< the same, resolved
  /// The held-out events that it was trained on too: "validation", "all" or "".
  std::string refit;
  RunIdentity identity{};  ///< of the run that trained it
  std::string teacher{};   ///< Teacher::identity; empty: none
  /// Of a model with item vectors: data::ItemEncoding as text, for the features of later items.
  std::string item_encoding{};
};

/// Writes the parameters under their names, the config and `info` as metadata, atomically.
void save_model(const std::string& path, const Model& model, const SavedModelInfo& info);

struct SavedModel {
  std::unique_ptr<Model> model;
  SavedModelInfo info;
};

/// Reads a saved model. Throws CheckpointError naming the file and the key or tensor that is
/// missing or invalid.
SavedModel read_model(const std::string& path, Device device = Device::kCpu);

/// What RUN/model.safetensors says of its origin, without its weights. Throws as read_model does.
SavedModelInfo read_model_info(const std::string& path);

/// The best model of a run, RUN/model.safetensors. Throws CheckpointError if the run has none yet.
SavedModel load_saved_model(const std::string& run_directory, Device device = Device::kCpu);

/// Throws CheckpointError unless the metadata's format_version is kFormatVersion.
void check_format_version(const Safetensors& file);

/// The parameters, named `prefix` + name, sharing their memory.
std::vector<NamedTensor> named_parameters(const ParameterStore& parameters,
                                          const std::string& prefix);
/// Copies such tensors from `file` to the parameters. Throws CheckpointError.
void load_parameters(const Safetensors& file,
                     const std::string& prefix,
                     const ParameterStore& parameters);

}  // namespace elastic::train
