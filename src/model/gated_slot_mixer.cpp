#include "model/gated_slot_mixer.h"

#include "autograd/ops/elementwise.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/slot_attention.h"
#include "autograd/ops/slot_gates.h"

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
  forget_.bias = store.add(prefix + ".bias", {gates}, [gates] {
    return std::vector<double>(static_cast<std::size_t>(gates), kForgetBias);
  });
}

Variable GatedSlotMixer::attend(const Variable& x,
                                const Segments& segments,
                                const Tensor& slots) const {
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
                             segments,
                             slots);
}

std::vector<Tensor> GatedSlotMixer::new_stream(std::int64_t users) const {
  const Tensor& like = weights_.key.value();
  const std::int64_t head_dim = like.cols() / num_heads_;
  return {zeros({users, num_heads_, 2 * num_slots_, head_dim}, DType::kFloat64, like.device())};
}

Variable GatedSlotMixer::mix(const Variable& x,
                             MixerState& state,
                             const Queries& queries,
                             const Dropout& dropout) const {
  return ops::linear_residual(queries.of(attend(x, state.segments, Tensor())),
                              weights_.output.weight,
                              weights_.output.bias,
                              queries.of(x),
                              dropout);
}

Variable GatedSlotMixer::advance(const Variable& x,
                                 MixerState& state,
                                 std::span<Tensor> stream) const {
  return ops::linear_residual(attend(x, state.segments, stream[0]),
                              weights_.output.weight,
                              weights_.output.bias,
                              x,
                              Dropout{});
}

}  // namespace elastic
