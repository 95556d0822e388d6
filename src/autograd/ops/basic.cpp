#include "autograd/ops/basic.h"

#include "tensor/kernels/dropout.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gelu.h"
#include "tensor/kernels/sum.h"

namespace elastic::ops {
namespace {

void require_equal(const char* op, const Variable& a, const Variable& b) {
  require_shape(a.shape() == b.shape(), op, ": shapes differ, ", a.shape(), " and ", b.shape());
}

}  // namespace

Variable add(const Variable& a, const Variable& b) {
  require_equal("add", a, b);
  Tensor out = empty_like(a.value());
  run(kernels::Add{a.value(), b.value(), out});
  return record(out, {a, b}, [a, b](const Tensor& grad) {
    a.add_grad(grad);
    b.add_grad(grad);
  });
}

Variable multiply(const Variable& a, const Variable& b) {
  require_equal("multiply", a, b);
  Tensor out = empty_like(a.value());
  run(kernels::Multiply{a.value(), b.value(), out});
  return record(out, {a, b}, [a, b](const Tensor& grad) {
    for (const auto& [to, other] : {std::pair(a, b), std::pair(b, a)}) {
      if (to.requires_grad()) {
        Tensor product = empty_like(grad, Memory::kGradient);
        run(kernels::Multiply{grad, other.value(), product});
        to.add_grad(std::move(product));
      }
    }
  });
}

Variable scale(const Variable& x, double factor) {
  Tensor out = empty_like(x.value());
  run(kernels::Scale{x.value(), factor, out});
  return record(out, {x}, [x, factor](Tensor grad) {
    run(kernels::Scale{grad, factor, grad});
    x.add_grad(std::move(grad));
  });
}

Variable sum(const Variable& x) {
  Tensor out({}, x.value().dtype(), x.value().device());
  run(kernels::Sum{x.value(), out});
  return record(out, {x}, [x](const Tensor& grad) {
    Tensor spread = empty_like(x.value(), Memory::kGradient);
    fill(spread, 1.0);
    run(kernels::ScaleBy{spread, grad, spread});
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
  Tensor out = empty_like(x.value());
  run(kernels::GeluForward{x.value(), out});
  return record(out, {x}, [x](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    run(kernels::GeluBackward{x.value(), grad, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

Variable dropout(const Variable& x, const Dropout& dropout) {
  if (!dropout.active()) {
    return x;
  }
  Tensor out = empty_like(x.value());
  run(kernels::ApplyDropout{x.value(), dropout, out});
  return record(out, {x}, [x, dropout](Tensor grad) {
    run(kernels::ApplyDropout{grad, dropout, grad});
    x.add_grad(std::move(grad));
  });
}

}  // namespace elastic::ops
