#include "model/shared_experts.h"

#include <cmath>

#include "autograd/ops/rows.h"

namespace elastic {

SharedExperts::SharedExperts(ParameterStore& store, const ModelConfig& config)
    : experts_(store.add("experts",
                         {config.num_experts, config.dim},
                         Init::kNormal,
                         1.0 / std::sqrt(static_cast<double>(config.dim)))) {}

InitialExperts SharedExperts::initial_experts(const Variable& /*x*/,
                                              const Segments& segments,
                                              const Tensor& /*ids*/,
                                              bool /*training*/) const {
  return {ops::repeat(experts_, segments.size())};
}

}  // namespace elastic
