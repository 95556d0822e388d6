#include "autograd/ops/segment_attention.h"

#include "autograd/ops/attention_grads.h"
#include "base/scope.h"
#include "tensor/kernels/segment_attention.h"

namespace elastic::ops {

Variable segment_attention(const Variable& query,
                           const Variable& key,
                           const Variable& value,
                           const Segments& query_segments,
                           const Segments& key_segments,
                           const AttentionShape& shape) {
  const OpScope scope(__func__);
  check_attention("segment_attention", query, key, value, query_segments, key_segments, shape);
  Tensor out = empty_like(query.value());
  Tensor log_sum({query.shape()[0], shape.num_heads}, out.dtype(), out.device());
  run(kernels::SegmentAttentionForward{
      .query = query.value(),
      .key = key.value(),
      .value = value.value(),
      .layout = {&query_segments, &key_segments, shape.num_heads, shape.causal, shape.window},
      .out = out,
      .log_sum = log_sum});
  auto backward = [=](const Tensor& grad) {
    AttentionGrads grads(query, key, value);
    run(kernels::SegmentAttentionBackward{
        .query = query.value(),
        .key = key.value(),
        .value = value.value(),
        .layout = {&query_segments, &key_segments, shape.num_heads, shape.causal, shape.window},
        .out = out,
        .log_sum = log_sum,
        .grad_out = grad,
        .grad_query = grads.query,
        .grad_key = grads.key,
        .grad_value = grads.value});
    grads.add_to(query, key, value);
  };
  return record(out, {query, key, value}, std::move(backward));
}

}  // namespace elastic::ops
