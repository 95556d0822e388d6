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
/// A new model with fresh weights. `config.num_items` must be set. Throws UsageError for an unknown
/// name (suggesting the nearest) or an option out of range.
std::unique_ptr<Model> make_model(const ModelConfig& config,
                                  std::uint64_t seed,
                                  DType dtype = DType::kFloat32,
                                  Device device = Device::kCpu);

}  // namespace elastic
