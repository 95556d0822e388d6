#include "model/lightsans_mixer.h"

#include "autograd/ops/aggregate.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/segment_attention.h"
#include "autograd/ops/transpose.h"

namespace elastic {

LightSansMixer::LightSansMixer(ParameterStore& store,
                               const std::string& layer,
                               const ModelConfig& config)
    : num_heads_(config.num_heads),
      norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      weights_(make_attention(store, layer + ".attention", config.dim)),
      key_interest_(store.add(layer + ".attention.key_interest",
                              {config.num_experts, config.dim},
                              Init::kXavierUniform)),
      value_interest_(store.add(layer + ".attention.value_interest",
                                {config.num_experts, config.dim},
                                Init::kXavierUniform)) {}

Variable LightSansMixer::pool(const Variable& x,
                              const Variable& interest,
                              const Variable& weight,
                              const Segments& segments) const {
  const std::int64_t num_interests = interest.shape()[0];
  const std::int64_t dim = interest.shape()[1];
  const Variable query = ops::linear(interest, ops::transpose(weight));
  const Variable pooled = ops::dispatcher_aggregate(
      x,
      norm_,
      ops::reshape(ops::repeat(query, segments.size()), {segments.size(), 1, num_interests, dim}),
      segments);
  return ops::linear(ops::reshape(pooled, {segments.size() * num_interests, dim}), weight);
}

Variable LightSansMixer::mix(const Variable& x,
                             MixerState& state,
                             const Queries& queries,
                             const Dropout& dropout) const {
  const Segments& keys = state.segments;
  const auto num_interests = static_cast<std::int32_t>(key_interest_.shape()[0]);
  const Variable from = queries.of(x);
  const Variable mixed =
      ops::segment_attention(ops::linear(ops::layer_norm(from, norm_), weights_.query),
                             pool(x, key_interest_, weights_.key, keys),
                             pool(x, value_interest_, weights_.value, keys),
                             queries.segments(),
                             Segments::uniform(keys.size(), num_interests, keys.device()),
                             {num_heads_, /*causal=*/false});
  return ops::linear_residual(mixed, weights_.output.weight, weights_.output.bias, from, dropout);
}

}  // namespace elastic
