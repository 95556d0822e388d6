#include "model/hstu_mixer.h"

#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/pointwise_attention.h"
#include "data/token_times.h"

namespace elastic {
namespace {

constexpr double kBiasScale = 0.02;

}  // namespace

HstuMixer::HstuMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config)
    : norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      gate_(make_weight(store, layer + ".attention.gate", config.dim, config.dim)),
      weights_(make_attention(store, layer + ".attention", config.dim)),
      position_bias_(store.add(
          layer + ".attention.position_bias", {config.max_len}, Init::kNormal, kBiasScale)),
      num_heads_(config.num_heads),
      scale_(1.0 / static_cast<double>(config.max_len)),
      times_(config.time_features) {
  if (reads_times(config)) {
    time_bias_ =
        store.add(layer + ".attention.time_bias", {data::kTimeBuckets}, Init::kNormal, kBiasScale);
  }
}

Variable HstuMixer::mix(const Variable& x,
                        MixerState& state,
                        const Queries& queries,
                        const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable z_queries = queries.of(z);
  const data::TimeTensors& times = state.times;
  const Variable attended = ops::pointwise_attention(
      silu_linear(z_queries, weights_.query),
      silu_linear(z, weights_.key),
      silu_linear(z, weights_.value),
      {position_bias_,
       time_bias_,
       times.seconds,
       times_ == TimeFeatures::kAsked ? times.next_seconds : times.seconds},
      queries.segments(),
      state.segments,
      num_heads_,
      scale_);
  const Variable gated =
      ops::multiply(silu_linear(z_queries, gate_), ops::layer_norm(attended, {}));
  return ops::linear_residual(ops::dropout(gated, dropout),
                              weights_.output.weight,
                              weights_.output.bias,
                              queries.of(x),
                              Dropout{});
}

}  // namespace elastic
