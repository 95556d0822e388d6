// The model of a run, checked against the other files in the folder.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "train/run_identity.h"
#include "train/saved_model.h"

namespace elastic::cli {

/// Keys of data.json; the first also of sources.json and result.json.
inline constexpr const char* kRunHash = "run";
inline constexpr const char* kItemsHash = "items_hash";
/// Key of data.json, only if the model reads times.
inline constexpr const char* kTimesHash = "times_hash";
/// Key of result.json: the second phase of `train --refit`.
inline constexpr const char* kRefitKey = "refit";
/// Keys of result.json: the validation of the best epoch, and the end of the training.
inline constexpr const char* kValidationKey = "validation";
inline constexpr const char* kTrainingKey = "training";

/// The text under `key` of an object; "" if there is none.
std::string text_at(const nlohmann::ordered_json& object, const char* key);

/// `identity` with the hashes that RUN/data.json holds: resuming a run does not change them. Those
/// of earlier versions hold none; the result is then empty. Throws CheckpointError, also if
/// RUN/sources.json belongs to another run.
train::RunIdentity recorded_identity(const std::string& run, train::RunIdentity identity);

/// Throws CheckpointError naming the file unless `model`, RUN/config.json and RUN/data.json, as far
/// as they exist, belong to one run. What earlier versions did not record is not checked.
void check_model_of_run(const std::string& run, const train::SavedModelInfo& model);

/// Throws CheckpointError if RUN/items.tsv exists and is not that of the model.
void check_items_of_run(const std::string& run, const train::SavedModelInfo& model);

/// Hash of the content of RUN/model.safetensors: identifies the weights. Throws DataError if it
/// cannot be read.
std::string model_file_hash(const std::string& run);

/// RUN/model.safetensors, checked. Throws CheckpointError.
train::SavedModel load_run_model(const std::string& run, Device device);

}  // namespace elastic::cli
