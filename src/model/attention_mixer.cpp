#include "model/attention_mixer.h"

#include "autograd/ops/linear.h"
#include "autograd/ops/rows.h"

namespace elastic {

AttentionMixer::AttentionMixer(ParameterStore& store,
                               const std::string& layer,
                               const ModelConfig& config)
    : num_heads_(config.num_heads),
      norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      weights_(make_attention(store, layer + ".attention", config.dim)) {}

Variable AttentionMixer::forward(const Variable& x,
                                 MixerState& state,
                                 const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable mixed = attend(z, state.segments, z, state.segments);
  return ops::linear_residual(mixed, weights_.output.weight, weights_.output.bias, x, dropout);
}

Variable AttentionMixer::forward_last(const Variable& x,
                                      const Tensor& last,
                                      MixerState& state,
                                      const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Segments one_each = Segments::uniform(state.segments.size(), 1, state.segments.device());
  const Variable mixed = attend(ops::gather_rows(z, last), one_each, z, state.segments);
  return ops::linear_residual(
      mixed, weights_.output.weight, weights_.output.bias, ops::gather_rows(x, last), dropout);
}

}  // namespace elastic
