#include "autograd/ops/dispatcher.h"

#include "tensor/kernels/aggregate.h"
#include "tensor/kernels/dispatch.h"

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
  Tensor pooled = empty_like(query.value());
  const Shape& shape = query.shape();
  Tensor log_sum({shape[0], shape[1], shape[2]}, pooled.dtype(), pooled.device());
  run(kernels::AggregateForward{.x = x.value(),
                                .norm = norm.values(),
                                .query = query.value(),
                                .segments = segments,
                                .pooled = pooled,
                                .log_sum = log_sum});
  return record(pooled, {x, query, norm.weight, norm.bias}, [=](const Tensor& grad) {
    Tensor grad_query = empty_like(query.value(), Memory::kGradient);
    NormGrad grad_norm = norm.new_grad();
    run(kernels::AggregateBackward{.x = x.value(),
                                   .norm = norm.values(),
                                   .query = query.value(),
                                   .segments = segments,
                                   .pooled = pooled,
                                   .log_sum = log_sum,
                                   .grad_pooled = grad,
                                   .grad_x = x.grad_buffer(),
                                   .grad_norm = grad_norm,
                                   .grad_query = grad_query});
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
  Tensor out = empty_like(x.value());
  run(kernels::DispatchForward{.x = x.value(),
                               .norm = norm.values(),
                               .key = key.value(),
                               .value = value.value(),
                               .bias = bias.value(),
                               .segments = segments,
                               .dropout = dropout,
                               .y = out});
  return record(out, {x, key, value, bias, norm.weight, norm.bias}, [=](Tensor grad) {
    Tensor grad_key = empty_like(key.value(), Memory::kGradient);
    Tensor grad_value = empty_like(value.value(), Memory::kGradient);
    Tensor grad_bias = empty_like(bias.value(), Memory::kGradient);
    NormGrad grad_norm = norm.new_grad();
    run(kernels::DispatchBackward{.x = x.value(),
                                  .norm = norm.values(),
                                  .key = key.value(),
                                  .value = value.value(),
                                  .segments = segments,
                                  .dropout = dropout,
                                  .grad_y = grad,
                                  .grad_x = grad,
                                  .grad_norm = grad_norm,
                                  .grad_key = grad_key,
                                  .grad_value = grad_value,
                                  .grad_bias = grad_bias});
    x.add_grad(std::move(grad));
    key.add_grad(std::move(grad_key));
    value.add_grad(std::move(grad_value));
    bias.add_grad(std::move(grad_bias));
    norm.add_grad(grad_norm);
  });
}

}  // namespace elastic::ops
