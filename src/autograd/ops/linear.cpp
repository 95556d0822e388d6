#include "autograd/ops/linear.h"

#include "base/scope.h"
#include "tensor/kernels/dropout.h"
#include "tensor/kernels/linear.h"

namespace elastic::ops {
namespace {

void check_linear(const char* op, const Variable& x, const Variable& weight, const Variable& bias) {
  require_shape(
      weight.shape().rank() == 2 && x.shape().rank() >= 1 && x.shape()[-1] == weight.shape()[1],
      op,
      ": expected input [..., ",
      weight.shape().rank() == 2 ? weight.shape()[1] : 0,
      "] to match weight ",
      weight.shape(),
      ", got ",
      x.shape());
  require_shape(!bias.defined() || bias.shape() == Shape{weight.shape()[0]},
                op,
                ": bias does not fit weight ",
                weight.shape());
}

Shape with_last(const Shape& shape, std::int64_t last) {
  std::vector<std::int64_t> extents;
  for (int i = 0; i + 1 < shape.rank(); ++i) {
    extents.push_back(shape[i]);
  }
  extents.push_back(last);
  return Shape(extents);
}

void linear_backward(const Variable& x,
                     const Variable& weight,
                     const Variable& bias,
                     const Tensor& grad) {
  const auto wanted = [](const Variable& variable) {
    return variable.requires_grad() ? empty_like(variable.value(), Memory::kGradient) : Tensor();
  };
  const auto pointer = [](Tensor& tensor) { return tensor.defined() ? &tensor : nullptr; };
  Tensor grad_x = wanted(x);
  Tensor grad_weight = wanted(weight);
  Tensor grad_bias = wanted(bias);
  run(kernels::LinearBackward{.x = x.value(),
                              .weight = weight.value(),
                              .grad_y = grad,
                              .grad_x = pointer(grad_x),
                              .grad_weight = pointer(grad_weight),
                              .grad_bias = pointer(grad_bias)});
  x.add_grad(std::move(grad_x));
  weight.add_grad(std::move(grad_weight));
  bias.add_grad(std::move(grad_bias));
}

}  // namespace

Variable linear(const Variable& x, const Variable& weight, const Variable& bias) {
  const OpScope scope(__func__);
  check_linear("linear", x, weight, bias);
  Tensor out(with_last(x.shape(), weight.shape()[0]), x.value().dtype(), x.value().device());
  run(kernels::LinearForward{
      x.value(), weight.value(), bias.defined() ? bias.value() : Tensor(), out});
  return record(out, {x, weight, bias}, [x, weight, bias](const Tensor& grad) {
    linear_backward(x, weight, bias, grad);
  });
}

Variable linear_residual(const Variable& x,
                         const Variable& weight,
                         const Variable& bias,
                         const Variable& residual,
                         const Dropout& dropout) {
  const OpScope scope(__func__);
  check_linear("linear_residual", x, weight, bias);
  require_shape(bias.defined(), "linear_residual: expected a bias");
  const Shape shape = with_last(x.shape(), weight.shape()[0]);
  require_shape(residual.shape() == shape,
                "linear_residual: expected residual ",
                shape,
                ", got ",
                residual.shape());
  Tensor out = empty_like(residual.value());
  run(kernels::LinearResidualForward{.x = x.value(),
                                     .weight = weight.value(),
                                     .bias = bias.value(),
                                     .residual = residual.value(),
                                     .dropout = dropout,
                                     .y = out});
  return record(
      out, {x, weight, bias, residual}, [x, weight, bias, residual, dropout](Tensor grad) {
        if (dropout.active()) {
          Tensor masked = empty_like(grad, Memory::kGradient);
          run(kernels::ApplyDropout{grad, dropout, masked});
          linear_backward(x, weight, bias, masked);
        } else {
          linear_backward(x, weight, bias, grad);
        }
        residual.add_grad(std::move(grad));
      });
}

}  // namespace elastic::ops
