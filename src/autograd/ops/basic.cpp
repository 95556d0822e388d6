#include "autograd/ops/basic.h"

namespace elastic::ops {
namespace {

void require_equal(const char* op, const Variable& a, const Variable& b) {
  require_shape(a.shape() == b.shape(), op, ": shapes differ, ", a.shape(), " and ", b.shape());
}

}  // namespace

Variable add(const Variable& a, const Variable& b) {
  require_equal("add", a, b);
  Tensor out = empty_like(a.value());
  backend_for(out.device()).add(a.value(), b.value(), out);
  return record(out, {a, b}, [a, b](const Tensor& grad) {
    a.add_grad(grad);
    b.add_grad(grad);
  });
}

Variable multiply(const Variable& a, const Variable& b) {
  require_equal("multiply", a, b);
  Backend& backend = backend_for(a.value().device());
  Tensor out = empty_like(a.value());
  backend.multiply(a.value(), b.value(), out);
  return record(out, {a, b}, [a, b, &backend](const Tensor& grad) {
    for (const auto& [to, other] : {std::pair(a, b), std::pair(b, a)}) {
      if (to.requires_grad()) {
        Tensor product = empty_like(grad, Memory::kGradient);
        backend.multiply(grad, other.value(), product);
        to.add_grad(std::move(product));
      }
    }
  });
}

Variable scale(const Variable& x, double factor) {
  Backend& backend = backend_for(x.value().device());
  Tensor out = empty_like(x.value());
  backend.scale(x.value(), factor, out);
  return record(out, {x}, [x, factor, &backend](Tensor grad) {
    backend.scale(grad, factor, grad);
    x.add_grad(std::move(grad));
  });
}

Variable sum(const Variable& x) {
  Backend& backend = backend_for(x.value().device());
  Tensor out({}, x.value().dtype(), x.value().device());
  backend.sum(x.value(), out);
  return record(out, {x}, [x, &backend](const Tensor& grad) {
    Tensor spread = empty_like(x.value(), Memory::kGradient);
    backend.fill(spread, 1.0);
    backend.scale_by(spread, grad, spread);
    x.add_grad(std::move(spread));
  });
}

Variable reshape(const Variable& x, const Shape& shape) {
  return record(x.value().reshape(shape), {x}, [x](Tensor grad) {
    Tensor view = grad.reshape(x.shape());
    grad = {};
    x.add_grad(std::move(view));
  });
}

Variable gelu(const Variable& x) {
  Backend& backend = backend_for(x.value().device());
  Tensor out = empty_like(x.value());
  backend.gelu_forward(x.value(), out);
  return record(out, {x}, [x, &backend](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    backend.gelu_backward(x.value(), grad, grad_x);
    x.add_grad(std::move(grad_x));
  });
}

Variable dropout(const Variable& x, const Dropout& dropout) {
  if (!dropout.active()) {
    return x;
  }
  Backend& backend = backend_for(x.value().device());
  Tensor out = empty_like(x.value());
  backend.dropout(x.value(), dropout, out);
  return record(out, {x}, [x, dropout, &backend](Tensor grad) {
    backend.dropout(grad, dropout, grad);
    x.add_grad(std::move(grad));
  });
}

}  // namespace elastic::ops
