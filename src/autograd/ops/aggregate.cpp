#include "autograd/ops/aggregate.h"

#include "autograd/ops/dispatcher_shapes.h"
#include "base/scope.h"
#include "tensor/kernels/aggregate.h"

namespace elastic::ops {

Variable dispatcher_aggregate(const Variable& x,
                              const NormVariables& norm,
                              const Variable& query,
                              const Segments& segments) {
  const OpScope scope(__func__);
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

}  // namespace elastic::ops
