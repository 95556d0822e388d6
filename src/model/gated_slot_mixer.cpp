#include "model/gated_slot_mixer.h"

#include "autograd/ops/basic.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/slots.h"

namespace elastic {
namespace {

constexpr double kForgetBias = 3.0;

}  // namespace

GatedSlotMixer::GatedSlotMixer(ParameterStore& store,
                               const std::string& layer,
                               const ModelConfig& config)
    : num_heads_(config.num_heads),
      num_slots_(config.num_experts),
      temperature_(config.gate_temperature),
      norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      weights_(make_attention(store, layer + ".attention", config.dim)) {
  const std::int64_t gates = num_heads_ * num_slots_;
  const std::string prefix = layer + ".attention.forget";
  forget_.weight = make_weight(store, prefix, gates, config.dim);
  forget_.bias = store.add(
      prefix + ".bias", {gates}, std::vector<double>(static_cast<std::size_t>(gates), kForgetBias));
}

Variable GatedSlotMixer::mix(const Variable& x, MixerState& state) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable gates =
      ops::forget_gates(ops::reshape(ops::linear(z, forget_.weight, forget_.bias),
                                     {x.shape()[0], num_heads_, num_slots_}),
                        temperature_);
  const double scale = attention_scale(x.shape()[1], num_heads_);
  return ops::slot_attention(ops::linear(z, ops::scale(weights_.query, scale)),
                             ops::linear(z, weights_.key),
                             ops::linear(z, weights_.value),
                             gates,
                             state.segments,
                             state.stream.empty() ? Tensor() : state.stream[0]);
}

std::vector<Tensor> GatedSlotMixer::new_stream(std::int64_t users) const {
  const Tensor& like = weights_.key.value();
  const std::int64_t head_dim = like.cols() / num_heads_;
  return {zeros({users, num_heads_, 2 * num_slots_, head_dim}, like.dtype(), like.device())};
}

Variable GatedSlotMixer::forward(const Variable& x,
                                 MixerState& state,
                                 const Dropout& dropout) const {
  return ops::linear_residual(
      mix(x, state), weights_.output.weight, weights_.output.bias, x, dropout);
}

Variable GatedSlotMixer::forward_last(const Variable& x,
                                      const Tensor& last,
                                      MixerState& state,
                                      const Dropout& dropout) const {
  return ops::linear_residual(ops::gather_rows(mix(x, state), last),
                              weights_.output.weight,
                              weights_.output.bias,
                              ops::gather_rows(x, last),
                              dropout);
}

}  // namespace elastic
