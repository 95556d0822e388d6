#include "autograd/ops/unit_elu.h"

namespace elastic::ops {

Variable unit_elu(const Variable& x) {
  require_shape(x.shape().rank() >= 1, "unit_elu: expected rows [..., N], got ", x.shape());
  Backend& backend = backend_for(x.value().device());
  Tensor out = empty_like(x.value());
  backend.unit_elu_forward(x.value(), out);
  return record(out, {x}, [x, &backend](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    backend.unit_elu_backward(x.value(), grad, grad_x);
    x.add_grad(std::move(grad_x));
  });
}

}  // namespace elastic::ops
