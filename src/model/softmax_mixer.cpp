#include "model/softmax_mixer.h"

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

Variable SoftmaxMixer::attend(const Variable& query,
                              const Variable& z,
                              const Segments& query_segments,
                              const Segments& key_segments,
                              bool causal) const {
  const auto attention = form_ == Form::kStoredMap ? ops::map_attention : ops::segment_attention;
  return attention(ops::linear(query, weights_.query),
                   ops::linear(z, weights_.key),
                   ops::linear(z, weights_.value),
                   query_segments,
                   key_segments,
                   {num_heads_, causal});
}

Variable SoftmaxMixer::forward(const Variable& x, MixerState& state, const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable mixed = attend(z, z, state.segments, state.segments, /*causal=*/true);
  return ops::linear_residual(mixed, weights_.output.weight, weights_.output.bias, x, dropout);
}

// The last token sees every key, so no mask is needed.
Variable SoftmaxMixer::forward_last(const Variable& x,
                                    const Tensor& last,
                                    MixerState& state,
                                    const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Segments one_each = Segments::uniform(state.segments.size(), 1, state.segments.device());
  const Variable mixed =
      attend(ops::gather_rows(z, last), z, one_each, state.segments, /*causal=*/false);
  return ops::linear_residual(
      mixed, weights_.output.weight, weights_.output.bias, ops::gather_rows(x, last), dropout);
}

}  // namespace elastic
