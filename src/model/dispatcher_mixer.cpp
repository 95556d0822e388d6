#include "model/dispatcher_mixer.h"

#include "autograd/ops/aggregate.h"
#include "autograd/ops/dispatch.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/heads.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/segment_attention.h"
#include "autograd/ops/transpose.h"
#include "base/scope.h"

namespace elastic {
namespace {

bool absorbed_is_cheaper(const ModelConfig& config) {
  return config.num_heads * config.num_experts < config.dim + config.num_experts;
}

// A mask [B, k, D]: 1 for the experts of segments with tokens, 0 for those of empty segments.
Tensor mask_of_empty(const Segments& segments, const Tensor& experts) {
  const OpScope scope(__func__);
  const std::int64_t per_segment = experts.numel() / segments.size();
  Tensor mask = empty_like(experts);
  Tensor rows = mask.reshape({segments.size(), per_segment});
  fill(mask, 1.0);
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    if (segments.length(b) == 0) {
      Tensor row = rows.slice(b, b + 1);
      fill(row, 0.0);
    }
  }
  return mask;
}

bool any_empty(const Segments& segments) {
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    if (segments.length(b) == 0) {
      return true;
    }
  }
  return false;
}

Variable flatten(const Variable& experts) {
  return ops::reshape(experts, {experts.shape().rows(), experts.shape()[-1]});
}

}  // namespace

DispatcherMixer::DispatcherMixer(ParameterStore& store,
                                 const std::string& layer,
                                 const ModelConfig& config,
                                 Form form)
    : num_heads_(config.num_heads),
      num_experts_(config.num_experts),
      absorbed_(form == Form::kAbsorbed || (form == Form::kCheaper && absorbed_is_cheaper(config))),
      carries_experts_(config.retrieval.start == ExpertStart::kCarried),
      norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      aggregate_(make_attention(store, layer + ".aggregate", config.dim)),
      expert_norm_(make_norm(store, layer + ".expert_norm", config.dim)),
      dispatch_(make_attention(store, layer + ".dispatch", config.dim)) {}

Variable DispatcherMixer::aggregate_absorbed(const Variable& x,
                                             const Variable& query,
                                             const Segments& segments) const {
  const double scale = attention_scale(query.shape()[-1], num_heads_);
  const Variable absorbed = ops::heads_expand(ops::scale(query, scale), aggregate_.key, num_heads_);
  const Variable pooled = ops::dispatcher_aggregate(x, norm_, absorbed, segments);
  return ops::heads_contract(pooled, aggregate_.value);
}

Variable DispatcherMixer::aggregate_plain(const Variable& x,
                                          const Variable& query,
                                          const Segments& segments) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Segments experts = Segments::uniform(
      segments.size(), static_cast<std::int32_t>(num_experts_), segments.device());
  return ops::reshape(ops::segment_attention(flatten(query),
                                             ops::linear(z, aggregate_.key),
                                             ops::linear(z, aggregate_.value),
                                             experts,
                                             segments,
                                             {num_heads_, /*causal=*/false}),
                      query.shape());
}

Variable DispatcherMixer::gather(const Variable& x,
                                 const Segments& segments,
                                 ExpertState& state) const {
  const Variable query = ops::linear(ops::layer_norm(state.experts, {}), aggregate_.query);
  if (state.record != nullptr) {
    const Variable key = ops::linear(ops::layer_norm(x, norm_), aggregate_.key);
    state.record->add_layer(query, key, segments, num_heads_);
  }
  const Variable gathered =
      absorbed_ ? aggregate_absorbed(x, query, segments) : aggregate_plain(x, query, segments);
  const Variable experts =
      ops::layer_norm(add_gathered(gathered, segments, state.experts), expert_norm_);
  if (carries_experts_) {
    state.experts = experts;
  }
  return experts;
}

Variable DispatcherMixer::add_gathered(const Variable& gathered,
                                       const Segments& segments,
                                       const Variable& experts) const {
  const Linear& output = aggregate_.output;
  if (any_empty(segments)) {
    const Variable mask(mask_of_empty(segments, experts.value()));
    const Variable projected = ops::linear(gathered, output.weight, output.bias);
    return ops::add(experts, ops::multiply(projected, mask));
  }
  return ops::linear_residual(gathered, output.weight, output.bias, experts, Dropout{});
}

Variable DispatcherMixer::dispatch(const Variable& x,
                                   const Variable& experts,
                                   const Variable& gates,
                                   const Segments& segments,
                                   const Dropout& dropout) const {
  const Variable read = gates.defined() ? ops::multiply(experts, gates) : experts;
  const Variable key = ops::linear(experts, dispatch_.key);
  const Variable value = ops::linear(read, dispatch_.value);
  if (absorbed_) {
    const double scale = attention_scale(key.shape()[-1], num_heads_);
    return ops::dispatcher_dispatch(
        x,
        norm_,
        ops::heads_expand(ops::scale(key, scale), dispatch_.query, num_heads_),
        ops::heads_expand(value, ops::transpose(dispatch_.output.weight), num_heads_),
        dispatch_.output.bias,
        segments,
        dropout);
  }
  const Variable z = ops::layer_norm(x, norm_);
  const Segments expert_segments = Segments::uniform(
      segments.size(), static_cast<std::int32_t>(num_experts_), segments.device());
  const Variable mixed = ops::segment_attention(ops::linear(z, dispatch_.query),
                                                flatten(key),
                                                flatten(value),
                                                segments,
                                                expert_segments,
                                                {num_heads_, /*causal=*/false});
  return ops::linear_residual(mixed, dispatch_.output.weight, dispatch_.output.bias, x, dropout);
}

Variable DispatcherMixer::mix(const Variable& x,
                              MixerState& state,
                              const Queries& queries,
                              const Dropout& dropout) const {
  const Variable experts = gather(x, state.segments, state.experts);
  return dispatch(queries.of(x), experts, state.experts.gates, queries.segments(), dropout);
}

}  // namespace elastic
