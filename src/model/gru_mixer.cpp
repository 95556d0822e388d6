#include "model/gru_mixer.h"

#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/gru.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/rows.h"

namespace elastic {

GruMixer::GruMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config)
    : norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      input_(make_linear(store, layer + ".gru.input", 3 * config.dim, config.dim)),
      hidden_(make_linear(store, layer + ".gru.hidden", 3 * config.dim, config.dim)) {}

Variable GruMixer::states(const Variable& x, const Segments& segments) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable gates = ops::linear(z, input_.weight, input_.bias);
  return ops::gru(gates, hidden_.weight, hidden_.bias, segments);
}

Variable GruMixer::forward(const Variable& x, MixerState& state, const Dropout& dropout) const {
  return ops::add(x, ops::dropout(states(x, state.segments), dropout));
}

Variable GruMixer::forward_last(const Variable& x,
                                const Tensor& last,
                                MixerState& state,
                                const Dropout& dropout) const {
  const Variable mixed = ops::gather_rows(states(x, state.segments), last);
  return ops::add(ops::gather_rows(x, last), ops::dropout(mixed, dropout));
}

}  // namespace elastic
