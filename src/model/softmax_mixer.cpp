#include "model/softmax_mixer.h"

#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/map_attention.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/segment_attention.h"

namespace elastic {

SoftmaxMixer::SoftmaxMixer(ParameterStore& store,
                           const std::string& layer,
                           const ModelConfig& config,
                           Form form)
    : norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      weights_(make_attention(store, layer + ".attention", config.dim)),
      num_heads_(config.num_heads),
      form_(form) {}

// A last token sees every key, so no mask is needed.
Variable SoftmaxMixer::mix(const Variable& x,
                           MixerState& state,
                           const Queries& queries,
                           const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const auto attention = form_ == Form::kStoredMap ? ops::map_attention : ops::segment_attention;
  const Variable mixed = attention(ops::linear(queries.of(z), weights_.query),
                                   ops::linear(z, weights_.key),
                                   ops::linear(z, weights_.value),
                                   queries.segments(),
                                   state.segments,
                                   {num_heads_, /*causal=*/!queries.last_only()});
  return ops::linear_residual(
      mixed, weights_.output.weight, weights_.output.bias, queries.of(x), dropout);
}

}  // namespace elastic
