#include "model/gru_mixer.h"

#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/gru.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"

namespace elastic {

GruMixer::GruMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config)
    : norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      input_(make_linear(store, layer + ".gru.input", 3 * config.dim, config.dim)),
      hidden_(make_linear(store, layer + ".gru.hidden", 3 * config.dim, config.dim)) {}

Variable GruMixer::mix(const Variable& x,
                       MixerState& state,
                       const Queries& queries,
                       const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable gates = ops::linear(z, input_.weight, input_.bias);
  const Variable states = ops::gru(gates, hidden_.weight, hidden_.bias, state.segments);
  return ops::add(queries.of(x), ops::dropout(queries.of(states), dropout));
}

}  // namespace elastic
