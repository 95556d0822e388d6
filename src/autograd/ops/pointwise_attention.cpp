#include "autograd/ops/pointwise_attention.h"

#include <utility>

#include "autograd/ops/attention_grads.h"
#include "autograd/ops/attention_shape.h"
#include "base/scope.h"
#include "tensor/kernels/pointwise_attention.h"

namespace elastic::ops {
namespace {

constexpr std::int64_t kTimeBuckets = 32;

void check_bias(const RelativeBiasVariables& bias, const Segments& keys) {
  require_shape(bias.position.shape().rank() == 1 && bias.position.shape()[0] >= keys.max_length(),
                "pointwise_attention: expected a bias for each of ",
                keys.max_length(),
                " distances, got ",
                bias.position.shape());
  const Shape tokens{keys.num_tokens()};
  require_shape(
      !bias.time.defined() || (bias.time.shape() == Shape{kTimeBuckets} && bias.seconds.defined() &&
                               bias.seconds.shape() == tokens && bias.query_seconds.defined() &&
                               bias.query_seconds.shape() == tokens),
      "pointwise_attention: expected biases of ",
      kTimeBuckets,
      " buckets and the seconds of ",
      keys.num_tokens(),
      " tokens");
}

}  // namespace

Variable pointwise_attention(const Variable& query,
                             const Variable& key,
                             const Variable& value,
                             const RelativeBiasVariables& bias,
                             const Segments& query_segments,
                             const Segments& key_segments,
                             std::int64_t num_heads,
                             double scale) {
  const OpScope scope(__func__);
  const bool causal = query_segments.num_tokens() == key_segments.num_tokens();
  check_attention(
      "pointwise_attention", query, key, value, query_segments, key_segments, {num_heads, causal});
  check_bias(bias, key_segments);
  const Tensor time = bias.time.defined() ? bias.time.value() : Tensor();
  Tensor out = empty_like(query.value());
  run(kernels::PointwiseAttentionForward{
      .query = query.value(),
      .key = key.value(),
      .value = value.value(),
      .bias = {bias.position.value(), time, bias.seconds, bias.query_seconds},
      .layout = {&query_segments, &key_segments, num_heads, causal},
      .scale = scale,
      .out = out});
  auto backward = [=](const Tensor& grad) {
    AttentionGrads grads(query, key, value);
    Tensor grad_position = empty_like(bias.position.value(), Memory::kGradient);
    Tensor grad_time = time.defined() ? empty_like(time, Memory::kGradient) : Tensor();
    run(kernels::PointwiseAttentionBackward{
        .query = query.value(),
        .key = key.value(),
        .value = value.value(),
        .bias = {bias.position.value(), time, bias.seconds, bias.query_seconds},
        .layout = {&query_segments, &key_segments, num_heads, causal},
        .scale = scale,
        .grad_out = grad,
        .grad_query = grads.query,
        .grad_key = grads.key,
        .grad_value = grads.value,
        .grad_position = grad_position,
        .grad_time = grad_time});
    grads.add_to(query, key, value);
    bias.position.add_grad(std::move(grad_position));
    if (time.defined()) {
      bias.time.add_grad(std::move(grad_time));
    }
  };
  return record(out, {query, key, value, bias.position, bias.time}, std::move(backward));
}

}  // namespace elastic::ops
