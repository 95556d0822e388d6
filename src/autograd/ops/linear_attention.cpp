#include "autograd/ops/linear_attention.h"

#include "autograd/ops/attention_grads.h"
#include "base/scope.h"
#include "tensor/kernels/linear_attention.h"

namespace elastic::ops {

Variable linear_attention(const Variable& query,
                          const Variable& key,
                          const Variable& value,
                          const Segments& queries,
                          const Segments& keys,
                          std::int64_t num_heads) {
  const OpScope scope(__func__);
  require_shape(query.shape().rank() == 2 && key.shape().rank() == 2 &&
                    query.shape()[1] == key.shape()[1] && key.shape() == value.shape(),
                "linear_attention: query ",
                query.shape(),
                ", key ",
                key.shape(),
                " and value ",
                value.shape(),
                " do not fit");
  require_shape(query.shape()[0] == queries.num_tokens() && key.shape()[0] == keys.num_tokens() &&
                    queries.size() == keys.size(),
                "linear_attention: the segments do not fit query ",
                query.shape(),
                " and key ",
                key.shape());
  const std::int64_t dim = query.shape()[1];
  require_shape(num_heads >= 1 && dim % num_heads == 0,
                "linear_attention: ",
                num_heads,
                " heads do not divide ",
                query.shape());
  const std::int64_t head_dim = dim / num_heads;
  Tensor out = empty_like(query.value());
  Tensor context({keys.size(), num_heads, head_dim, head_dim}, out.dtype(), out.device());
  run(kernels::LinearAttentionForward{.query = query.value(),
                                      .key = key.value(),
                                      .value = value.value(),
                                      .queries = queries,
                                      .keys = keys,
                                      .context = context,
                                      .out = out});
  auto backward = [=](const Tensor& grad) {
    AttentionGrads grads(query, key, value);
    run(kernels::LinearAttentionBackward{.query = query.value(),
                                         .key = key.value(),
                                         .value = value.value(),
                                         .queries = queries,
                                         .keys = keys,
                                         .context = context,
                                         .grad_out = grad,
                                         .grad_query = grads.query,
                                         .grad_key = grads.key,
                                         .grad_value = grads.value});
    grads.add_to(query, key, value);
  };
  return record(out, {query, key, value}, std::move(backward));
}

}  // namespace elastic::ops
