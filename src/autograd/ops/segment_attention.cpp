#include "autograd/ops/segment_attention.h"

#include "tensor/kernels/segment_attention.h"

namespace elastic::ops {

Variable segment_attention(const Variable& query,
                           const Variable& key,
                           const Variable& value,
                           const Segments& query_segments,
                           const Segments& key_segments,
                           const AttentionShape& shape) {
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
    Tensor grad_query = empty_like(query.value(), Memory::kGradient);
    Tensor grad_key = empty_like(key.value(), Memory::kGradient);
    Tensor grad_value = empty_like(value.value(), Memory::kGradient);
    run(kernels::SegmentAttentionBackward{
        .query = query.value(),
        .key = key.value(),
        .value = value.value(),
        .layout = {&query_segments, &key_segments, shape.num_heads, shape.causal, shape.window},
        .out = out,
        .log_sum = log_sum,
        .grad_out = grad,
        .grad_query = grad_query,
        .grad_key = grad_key,
        .grad_value = grad_value});
    query.add_grad(std::move(grad_query));
    key.add_grad(std::move(grad_key));
    value.add_grad(std::move(grad_value));
  };
  return record(out, {query, key, value}, std::move(backward));
}

}  // namespace elastic::ops
