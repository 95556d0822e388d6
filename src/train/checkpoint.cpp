#include "train/checkpoint.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "data/json_document.h"
#include "model/item_vectors.h"
#include "train/config_json.h"
#include "train/initial_weights.h"
#include "train/saved_model.h"

namespace elastic::train {
namespace {

using nlohmann::ordered_json;

constexpr const char* kParameterPrefix = "param.";
constexpr const char* kMetricsChecksum = "metrics_checksum";
constexpr const char* kTeacher = "teacher";
constexpr const char* kEarlierSteps = "earlier_steps";

// Calls visitor(name, field) for each field of the state. Numbers survive JSON to the last bit.
template <class State, class Visitor>
void visit_state(State& state, Visitor&& visitor) {
  visitor("epoch", state.epoch);
  visitor("next_batch", state.next_batch);
  visitor("num_steps", state.num_steps);
  visitor("num_targets", state.num_targets);
  visitor("num_tokens", state.num_tokens);
  visitor("epoch_loss_sum", state.epoch_loss.sum);
  visitor("epoch_targets", state.epoch_loss.num_targets);
  visitor("epoch_seconds", state.epoch_seconds);
  visitor("elapsed_s", state.elapsed_s);
  visitor("best_metric", state.best_metric);
  visitor("best_epoch", state.best_epoch);
  visitor("evaluations_since_best", state.evaluations_since_best);
  visitor("metrics_bytes", state.metrics_bytes);
}

std::string state_to_text(const TrainState& state) {
  ordered_json json = ordered_json::object();
  visit_state(state, [&](const char* name, const auto& field) { json[name] = field; });
  return data::json_text(json);
}

TrainState state_from_text(const std::string& text, const std::string& path) {
  const ordered_json json = data::parse_json(text);
  TrainState state;
  visit_state(state, [&](const char* name, auto& field) {
    using Field = std::remove_reference_t<decltype(field)>;
    if (!json.is_object() || !json.contains(name) || !fits<Field>(json[name])) {
      throw CheckpointError(path, ": the training state lacks '", name, "'");
    }
    field = json[name].template get<Field>();
  });
  if (state.epoch < 0 || state.next_batch < 0 || state.num_steps < 0 || state.num_targets < 0 ||
      state.num_tokens < 0 || state.metrics_bytes < 0) {
    throw CheckpointError(path, ": the training state has a negative count");
  }
  return state;
}

std::string config_to_text(const Model& model, const TrainConfig& config) {
  ordered_json json = options_to_json(model.config());
  put_sizes(model.config(), json);
  json.update(options_to_json(config));
  return data::json_text(json);
}

std::string optional_at(const Safetensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? "" : found->second;
}

// Steps of another training, in files of runs that began with its moments.
std::int64_t earlier_steps_of(const Safetensors& file) {
  const std::string text = optional_at(file, kEarlierSteps);
  if (text.empty()) {
    return 0;
  }
  const ordered_json count = data::parse_json(text);
  if (!count.is_number_unsigned() || !fits<std::int64_t>(count)) {
    throw CheckpointError(file.path, ": expected a count under '", kEarlierSteps, "', got ", text);
  }
  return count.get<std::int64_t>();
}

void check_same_config(const Safetensors& file, const Model& model, const TrainConfig& config) {
  ordered_json saved = data::parse_json(file.metadata_at("config"));
  if (!saved.is_object()) {
    throw CheckpointError(file.path, ": the config is not a JSON object");
  }
  add_former_values(saved);
  const std::set<std::string> free = free_options(config);
  const ordered_json now = data::parse_json(config_to_text(model, config));
  for (const auto& [name, value] : now.items()) {
    if (free.contains(name) || (saved.contains(name) && saved[name] == value)) {
      continue;
    }
    const bool epochs = name == "epochs";
    throw CheckpointError(file.path,
                          ": the run was started with ",
                          name,
                          " = ",
                          saved.contains(name) ? data::json_text(saved[name]) : "(none)",
                          ", it cannot continue with ",
                          data::json_text(value),
                          epochs ? " (the cosine schedule ends with the last epoch)" : "",
                          "; resume with the former value, or start a new run with another --out",
                          epochs ? ", from this model with --init-from" : "");
  }
}

std::vector<NamedTensor> all_tensors(const Model& model, const Optimizer& optimizer) {
  std::vector<NamedTensor> tensors = named_parameters(model.parameters(), kParameterPrefix);
  for (NamedTensor& moment : optimizer.state()) {
    tensors.push_back(std::move(moment));
  }
  return tensors;
}

// Those of `tensors` that are on the CPU are read in place. Tensors of another shape or type are
// refused later, after the checksum.
TensorPlace place_among(std::vector<NamedTensor> tensors) {
  return [tensors = std::move(tensors)](
             const std::string& name, const Shape& shape, DType dtype) -> Tensor {
    const auto found = std::find_if(
        tensors.begin(), tensors.end(), [&](const NamedTensor& item) { return item.name == name; });
    const bool fits = found != tensors.end() && found->tensor.device() == Device::kCpu &&
                      found->tensor.shape() == shape && found->tensor.dtype() == dtype;
    return fits ? found->tensor : Tensor();
  };
}

void check_same_teacher(const Safetensors& file, const std::string& teacher) {
  const std::string saved = optional_at(file, kTeacher);
  if (saved != teacher) {
    throw CheckpointError(file.path,
                          ": the run was started with the teacher '",
                          saved,
                          "' (run:hash of the weights), it cannot continue with '",
                          teacher,
                          "'; restore the former, or start a new run with another --out");
  }
}

}  // namespace

std::set<std::string> free_options(const TrainConfig& config) {
  std::set<std::string> result{
      "patience", "save_every_s", "max_time_s", "max_tokens", "threads", "item_vectors"};
  if (config.optimizer.schedule == Schedule::kConstant) {
    result.insert("epochs");
  }
  return result;
}

CheckpointContent checkpoint_content(const Model& model,
                                     const Optimizer& optimizer,
                                     const TrainConfig& config,
                                     const std::string& data_hash,
                                     const TrainState& state,
                                     const std::string& run,
                                     const std::string& teacher) {
  CheckpointContent content;
  content.tensors = all_tensors(model, optimizer);
  const std::string& table = item_table_name(model);
  for (const Parameter& parameter : model.parameters().all()) {
    content.changes.push_back(parameter.name == table           ? Changes::kByItemUpdates
                              : parameter.trained               ? Changes::kByUpdates
                              : parameter.name == kItemFeatures ? Changes::kNever
                                                                : Changes::kAnyTime);
  }
  for (std::size_t i = content.changes.size(); i < content.tensors.size(); ++i) {
    const bool of_items = is_moment_of(content.tensors[i].name, table);
    content.changes.push_back(of_items ? Changes::kByItemUpdates : Changes::kByUpdates);
  }
  std::map<std::string, std::string>& metadata = content.metadata;
  metadata = {{"format_version", std::to_string(kFormatVersion)},
              {"config", config_to_text(model, config)},
              {"data_hash", data_hash},
              {"state", state_to_text(state)},
              {kMetricsChecksum, state.metrics_checksum}};
  if (optimizer.earlier_steps() > 0) {
    metadata[kEarlierSteps] = std::to_string(optimizer.earlier_steps());
  }
  if (!run.empty()) {
    metadata["run"] = run;
  }
  if (!teacher.empty()) {
    metadata[kTeacher] = teacher;
  }
  return content;
}

void save_checkpoint(const std::string& path,
                     const Model& model,
                     const Optimizer& optimizer,
                     const TrainConfig& config,
                     const std::string& data_hash,
                     const TrainState& state,
                     const std::string& run,
                     const std::string& teacher) {
  const CheckpointContent content =
      checkpoint_content(model, optimizer, config, data_hash, state, run, teacher);
  write_safetensors(path, content.tensors, content.metadata);
}

TrainState load_checkpoint(const std::string& path,
                           const Model& model,
                           Optimizer& optimizer,
                           const TrainConfig& config,
                           const std::string& data_hash,
                           const std::string& run,
                           const std::string& teacher) {
  const Safetensors file = read_safetensors(path, place_among(all_tensors(model, optimizer)));
  check_format_version(file);
  check_same_config(file, model, config);
  if (file.metadata_at("data_hash") != data_hash) {
    throw CheckpointError(path,
                          ": the run was started on other data (hash ",
                          file.metadata_at("data_hash"),
                          ", now ",
                          data_hash,
                          "); resume with the former data, or start a new run with another --out");
  }
  check_same_run(path, optional_at(file, "run"), run);
  check_same_teacher(file, teacher);
  TrainState state = state_from_text(file.metadata_at("state"), path);
  state.metrics_checksum = optional_at(file, kMetricsChecksum);
  load_parameters(file, kParameterPrefix, model.parameters());
  optimizer.load(file, state.num_steps, earlier_steps_of(file));
  return state;
}

SavedMoments read_moments(const std::string& path) {
  SavedMoments moments;
  moments.file = read_safetensors(path);
  check_format_version(moments.file);
  const TrainState state = state_from_text(moments.file.metadata_at("state"), path);
  moments.num_steps = state.num_steps + earlier_steps_of(moments.file);
  moments.run = optional_at(moments.file, "run");
  return moments;
}

CheckpointedMetrics read_checkpointed_metrics(const std::string& path) {
  Safetensors file;
  file.path = path;
  file.metadata = read_safetensors_metadata(path);
  check_format_version(file);
  const TrainState state = state_from_text(file.metadata_at("state"), path);
  return {optional_at(file, "run"), state.metrics_bytes, optional_at(file, kMetricsChecksum)};
}

}  // namespace elastic::train
