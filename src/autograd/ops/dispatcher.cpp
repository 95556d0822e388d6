#include "autograd/ops/dispatcher.h"

namespace elastic::ops {
namespace {

void check_dispatcher(const char* op,
                      const Variable& x,
                      const Variable& experts,
                      const Segments& segments) {
  require_shape(x.shape().rank() == 2 && x.shape()[0] == segments.num_tokens(),
                op,
                ": expected tokens [",
                segments.num_tokens(),
                ", D], got ",
                x.shape());
  require_shape(experts.shape().rank() == 4 && experts.shape()[0] == segments.size() &&
                    experts.shape()[3] == x.shape()[1],
                op,
                ": expected experts [",
                segments.size(),
                ", H, k, ",
                x.shape()[1],
                "], got ",
                experts.shape());
}

}  // namespace

Variable dispatcher_aggregate(const Variable& x,
                              const NormVariables& norm,
                              const Variable& query,
                              const Segments& segments) {
  check_dispatcher("dispatcher_aggregate", x, query, segments);
  Backend& backend = backend_for(x.value().device());
  Tensor pooled = empty_like(query.value());
  const Shape& shape = query.shape();
  Tensor log_sum({shape[0], shape[1], shape[2]}, pooled.dtype(), pooled.device());
  backend.aggregate_forward(x.value(), norm.values(), query.value(), segments, pooled, log_sum);
  return record(pooled, {x, query, norm.weight, norm.bias}, [=, &backend](const Tensor& grad) {
    Tensor grad_query = empty_like(query.value(), Memory::kGradient);
    NormGrad grad_norm = norm.new_grad();
    backend.aggregate_backward(x.value(),
                               norm.values(),
                               query.value(),
                               segments,
                               pooled,
                               log_sum,
                               grad,
                               x.grad_buffer(),
                               grad_norm,
                               grad_query);
    query.add_grad(std::move(grad_query));
    norm.add_grad(grad_norm);
  });
}

Variable dispatcher_dispatch(const Variable& x,
                             const NormVariables& norm,
                             const Variable& key,
                             const Variable& value,
                             const Variable& bias,
                             const Segments& segments,
                             const Dropout& dropout) {
  check_dispatcher("dispatcher_dispatch", x, key, segments);
  require_shape(bias.defined(), "dispatcher_dispatch: expected a bias");
  require_shape(key.shape() == value.shape() && bias.shape() == Shape{x.shape()[1]},
                "dispatcher_dispatch: key ",
                key.shape(),
                ", value ",
                value.shape(),
                " and bias ",
                bias.shape(),
                " do not fit");
  Backend& backend = backend_for(x.value().device());
  Tensor out = empty_like(x.value());
  backend.dispatch_forward(
      x.value(), norm.values(), key.value(), value.value(), bias.value(), segments, dropout, out);
  return record(out, {x, key, value, bias, norm.weight, norm.bias}, [=, &backend](Tensor grad) {
    Tensor grad_key = empty_like(key.value(), Memory::kGradient);
    Tensor grad_value = empty_like(value.value(), Memory::kGradient);
    Tensor grad_bias = empty_like(bias.value(), Memory::kGradient);
    NormGrad grad_norm = norm.new_grad();
    backend.dispatch_backward(x.value(),
                              norm.values(),
                              key.value(),
                              value.value(),
                              segments,
                              dropout,
                              grad,
                              /*grad_x=*/grad,
                              grad_norm,
                              grad_key,
                              grad_value,
                              grad_bias);
    x.add_grad(std::move(grad));
    key.add_grad(std::move(grad_key));
    value.add_grad(std::move(grad_value));
    bias.add_grad(std::move(grad_bias));
    norm.add_grad(grad_norm);
  });
}

}  // namespace elastic::ops
