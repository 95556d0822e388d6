#include "autograd/ops/slot_gates.h"

#include "base/scope.h"
#include "tensor/kernels/slot_gates.h"

namespace elastic::ops {

Variable prefix_gates(const Variable& scores,
                      const Variable& decay,
                      const Segments& segments,
                      Tensor log_sum) {
  const OpScope scope(__func__);
  require_shape(scores.shape().rank() == 3 && scores.shape()[0] == segments.num_tokens() &&
                    decay.shape() == Shape{scores.shape()[1], scores.shape()[2]},
                "prefix_gates: scores ",
                scores.shape(),
                " and decay ",
                decay.shape(),
                " do not fit ",
                segments.num_tokens(),
                " tokens");
  const Shape matrix{scores.shape()[0], scores.shape()[1] * scores.shape()[2]};
  Tensor gates = empty_like(scores.value());
  Tensor out = gates.reshape(matrix);
  if (log_sum.defined()) {
    const Shape wanted{segments.size(), scores.shape()[1], scores.shape()[2]};
    require_shape(log_sum.shape() == wanted && log_sum.dtype() == DType::kFloat64,
                  "prefix_gates: log_sum ",
                  log_sum.dtype(),
                  " ",
                  log_sum.shape(),
                  ", expected ",
                  DType::kFloat64,
                  " ",
                  wanted);
  }
  run(kernels::PrefixGatesForward{
      scores.value().reshape(matrix), decay.value(), segments, log_sum, out});
  if (log_sum.defined()) {
    return Variable(gates);
  }
  return record(gates, {scores, decay}, [=](const Tensor& grad) {
    Tensor grad_scores = empty_like(gates, Memory::kGradient);
    Tensor grad_decay = empty_like(decay.value(), Memory::kGradient);
    Tensor grad_matrix = grad_scores.reshape(matrix);
    run(kernels::PrefixGatesBackward{.gates = gates.reshape(matrix),
                                     .decay = decay.value(),
                                     .segments = segments,
                                     .grad_gates = grad.reshape(matrix),
                                     .grad_scores = grad_matrix,
                                     .grad_decay = grad_decay});
    grad_matrix = {};
    scores.add_grad(std::move(grad_scores));
    decay.add_grad(std::move(grad_decay));
  });
}

Variable forget_gates(const Variable& x, double temperature) {
  const OpScope scope(__func__);
  Tensor gates = empty_like(x.value());
  run(kernels::ForgetGatesForward{x.value(), temperature, gates});
  return record(gates, {x}, [=](const Tensor& grad) {
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    run(kernels::ForgetGatesBackward{x.value(), temperature, grad, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

}  // namespace elastic::ops
