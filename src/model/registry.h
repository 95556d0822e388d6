// Every model by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/direction.h"
#include "model/model.h"

namespace elastic {

/// Names of all models.
std::vector<std::string> model_names();
bool is_registered(const std::string& model);
/// Names of the models that gather a history into interest experts.
std::vector<std::string> models_with_experts();
/// Throws UsageError for an unknown name (suggesting the nearest).
Direction direction_of(const std::string& model);
/// The names and shapes of a model's parameters, without elements. Throws as `make_model`, whatever
/// the memory.
ParameterStore plan_parameters(const ModelConfig& config,
                               DType dtype = DType::kFloat32,
                               Device device = Device::kCpu);
/// Throws OutOfMemoryError if `copies` times the parameters of the model exceed the free memory of
/// the device, and as `plan_parameters`. Nothing is allocated.
void check_memory(const ModelConfig& config, int copies, DType dtype, Device device);
/// A new model with fresh weights. `config.num_items` must be set. Throws UsageError for an unknown
/// name (suggesting the nearest) or an option out of range, and OutOfMemoryError before any weight
/// is drawn if the parameters exceed the free memory of the device.
std::unique_ptr<Model> make_model(const ModelConfig& config,
                                  std::uint64_t seed,
                                  DType dtype = DType::kFloat32,
                                  Device device = Device::kCpu);
/// The same with given weights, which are not in memory twice on the CPU.
std::unique_ptr<Model> make_model(const ModelConfig& config,
                                  ParameterSource weights,
                                  DType dtype = DType::kFloat32,
                                  Device device = Device::kCpu);

}  // namespace elastic
