#include "train/saved_model.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/error.h"
#include "base/input_file.h"
#include "model/registry.h"
#include "train/config_json.h"
#include "train/load_tensor.h"

namespace elastic::train {
namespace {

constexpr const char* kRunKey = "run";
constexpr const char* kItemsHashKey = "items_hash";
constexpr const char* kOptionsKey = "options";
constexpr const char* kTeacherKey = "teacher";
constexpr const char* kItemEncodingKey = "item_encoding";
constexpr const char* kPhaseKey = "phase";
constexpr const char* kRefitKey = "refit";

template <class Number>
Number number_at(const Safetensors& file, const std::string& key) {
  const std::string& text = file.metadata_at(key);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw CheckpointError(file.path, ": expected a number under '", key, "', got '", text, "'");
  }
  return value;
}

// Throws CheckpointError unless the file holds exactly the tensors of a model with this config: no
// weight is drawn for sizes that the file does not have.
void check_tensors(const Safetensors& file, const ModelConfig& config) {
  const ParameterStore plan = plan_parameters(config);
  for (const Parameter& parameter : plan.all()) {
    check_tensor(file, parameter.name, parameter.shape, DType::kFloat32);
  }
  for (const NamedTensor& tensor : file.tensors) {
    const bool known =
        std::any_of(plan.all().begin(), plan.all().end(), [&](const Parameter& parameter) {
          return parameter.name == tensor.name;
        });
    if (!known) {
      throw CheckpointError(file.path, ": tensor '", tensor.name, "' is not part of the model");
    }
  }
}

// Text that files of earlier versions do not have.
void read_if_present(const Safetensors& file, const std::string& key, std::string& text) {
  if (const auto found = file.metadata.find(key); found != file.metadata.end()) {
    text = found->second;
  }
}

SavedModelInfo info_of(const Safetensors& file) {
  SavedModelInfo info;
  info.seed = number_at<std::uint64_t>(file, "seed");
  info.epoch = number_at<std::int64_t>(file, "epoch");
  info.metric = file.metadata_at("metric");
  info.metric_value = number_at<double>(file, "metric_value");
  info.data_hash = file.metadata_at("data_hash");
  read_if_present(file, "loss", info.loss);
  read_if_present(file, "train_seen", info.train_seen);
  read_if_present(file, kRefitKey, info.refit);
  read_if_present(file, kRunKey, info.identity.run);
  read_if_present(file, kItemsHashKey, info.identity.items_hash);
  read_if_present(file, kOptionsKey, info.identity.options);
  read_if_present(file, kTeacherKey, info.teacher);
  read_if_present(file, kItemEncodingKey, info.item_encoding);
  return info;
}

// An invalid config is an error of the file, not of the user.
std::unique_ptr<Model> make_saved_model(const Safetensors& file, Device device) {
  const ModelConfig config = model_config_from_text(file.metadata_at("config"), file.path);
  try {
    check_tensors(file, config);
    const ParameterSource weights = [&file](const std::string& name, const Shape& shape) {
      return checked_tensor(file, name, shape, DType::kFloat32);
    };
    return make_model(config, weights, DType::kFloat32, device);
  } catch (const UsageError& error) {
    throw CheckpointError(file.path, ": the model's config is unusable: ", error.what());
  }
}

}  // namespace

void check_format_version(const Safetensors& file) {
  const int version = number_at<int>(file, "format_version");
  if (version != kFormatVersion) {
    throw CheckpointError(file.path,
                          ": expected format version ",
                          kFormatVersion,
                          ", got ",
                          version,
                          "; use the version of elastic that wrote it");
  }
}

std::vector<NamedTensor> named_parameters(const ParameterStore& parameters,
                                          const std::string& prefix) {
  std::vector<NamedTensor> result;
  for (const Parameter& parameter : parameters.all()) {
    result.push_back({prefix + parameter.name, parameter.variable.value()});
  }
  return result;
}

void load_parameters(const Safetensors& file,
                     const std::string& prefix,
                     const ParameterStore& parameters) {
  for (auto& [name, tensor] : named_parameters(parameters, prefix)) {
    load_tensor(file, name, tensor);
  }
}

void save_model(const std::string& path, const Model& model, const SavedModelInfo& info) {
  std::map<std::string, std::string> metadata{
      {"format_version", std::to_string(kFormatVersion)},
      {"config", model_config_to_text(model.config())},
      {"seed", std::to_string(info.seed)},
      {"epoch", std::to_string(info.epoch)},
      {"metric", info.metric},
      {"metric_value", nlohmann::json(info.metric_value).dump()},
      {"data_hash", info.data_hash},
      {"loss", info.loss},
      {"train_seen", info.train_seen}};
  if (!info.refit.empty()) {
    metadata[kPhaseKey] = "refit";
    metadata[kRefitKey] = info.refit;
  }
  if (!info.identity.run.empty()) {
    metadata[kRunKey] = info.identity.run;
    metadata[kItemsHashKey] = info.identity.items_hash;
    metadata[kOptionsKey] = info.identity.options;
  }
  if (!info.teacher.empty()) {
    metadata[kTeacherKey] = info.teacher;
  }
  if (!info.item_encoding.empty()) {
    metadata[kItemEncodingKey] = info.item_encoding;
  }
  write_safetensors(path, named_parameters(model.parameters(), ""), metadata);
}

SavedModel read_model(const std::string& path, Device device) {
  const Safetensors file = read_safetensors(path);
  check_format_version(file);
  SavedModel result;
  result.info = info_of(file);
  result.model = make_saved_model(file, device);
  return result;
}

SavedModelInfo read_model_info(const std::string& path) {
  Safetensors file;
  file.path = path;
  file.metadata = read_safetensors_metadata(path);
  check_format_version(file);
  return info_of(file);
}

SavedModel load_saved_model(const std::string& run_directory, Device device) {
  const std::filesystem::path folder(run_directory);
  const std::filesystem::path path = folder / "model.safetensors";
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    throw CheckpointError(run_directory,
                          ": expected a run directory, as `elastic train --out` makes");
  }
  if (!is_present(path.string())) {
    throw CheckpointError(
        path.string(),
        ": no such file: the run has not finished its first evaluation; continue it "
        "with `elastic train --resume`");
  }
  return read_model(path.string(), device);
}

}  // namespace elastic::train
