#include "model/attention_mixer.h"

#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"

namespace elastic {

AttentionMixer::AttentionMixer(ParameterStore& store,
                               const std::string& layer,
                               const ModelConfig& config)
    : num_heads_(config.num_heads),
      norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      weights_(make_attention(store, layer + ".attention", config.dim)) {}

Variable AttentionMixer::mix(const Variable& x,
                             MixerState& state,
                             const Queries& queries,
                             const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable mixed = attend(queries.of(z), queries.segments(), z, state.segments);
  return ops::linear_residual(
      mixed, weights_.output.weight, weights_.output.bias, queries.of(x), dropout);
}

}  // namespace elastic
