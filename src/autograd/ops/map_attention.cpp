#include "autograd/ops/map_attention.h"

#include "autograd/ops/attention_grads.h"
#include "base/scope.h"
#include "tensor/kernels/map_attention.h"

namespace elastic::ops {

Variable map_attention(const Variable& query,
                       const Variable& key,
                       const Variable& value,
                       const Segments& query_segments,
                       const Segments& key_segments,
                       const AttentionShape& shape) {
  const OpScope scope(__func__);
  check_attention("map_attention", query, key, value, query_segments, key_segments, shape);
  require_shape(shape.window == 0, "map_attention: no window is supported, got ", shape.window);
  std::int64_t map_size = 0;
  for (std::int64_t b = 0; b < query_segments.size(); ++b) {
    require_shape(key_segments.length(b) > 0, "map_attention: segment ", b, " has no keys");
    // For planned segments only the longest length is known.
    const std::int32_t keys =
        key_segments.is_planned() ? key_segments.max_length() : key_segments.length(b);
    map_size += shape.num_heads * query_segments.length(b) * std::int64_t{keys};
  }
  Tensor out = empty_like(query.value());
  Tensor map({map_size}, out.dtype(), out.device());
  run(kernels::MapAttentionForward{
      .query = query.value(),
      .key = key.value(),
      .value = value.value(),
      .layout = {&query_segments, &key_segments, shape.num_heads, shape.causal, shape.window},
      .map = map,
      .out = out});
  auto backward = [=](const Tensor& grad) mutable {
    AttentionGrads grads(query, key, value);
    run(kernels::MapAttentionBackward{
        .query = query.value(),
        .key = key.value(),
        .value = value.value(),
        .layout = {&query_segments, &key_segments, shape.num_heads, shape.causal, shape.window},
        .out = out,
        .grad_out = grad,
        .map = map,
        .grad_query = grads.query,
        .grad_key = grads.key,
        .grad_value = grads.value});
    grads.add_to(query, key, value);
  };
  return record(out, {query, key, value}, std::move(backward));
}

}  // namespace elastic::ops
