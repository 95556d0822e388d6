#include "autograd/ops/elementwise.h"

#include "base/scope.h"
#include "tensor/kernels/elementwise.h"

namespace elastic::ops {
namespace {

void require_equal(const char* op, const Variable& a, const Variable& b) {
  require_shape(a.shape() == b.shape(), op, ": shapes differ, ", a.shape(), " and ", b.shape());
}

}  // namespace

Variable add(const Variable& a, const Variable& b) {
  const OpScope scope(__func__);
  require_equal("add", a, b);
  Tensor out = empty_like(a.value());
  run(kernels::Add{a.value(), b.value(), out});
  return record(out, {a, b}, [a, b](const Tensor& grad) {
    a.add_grad(grad);
    b.add_grad(grad);
  });
}

Variable multiply(const Variable& a, const Variable& b) {
  const OpScope scope(__func__);
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
  const OpScope scope(__func__);
  Tensor out = empty_like(x.value());
  run(kernels::Scale{x.value(), factor, out});
  return record(out, {x}, [x, factor](Tensor grad) {
    run(kernels::Scale{grad, factor, grad});
    x.add_grad(std::move(grad));
  });
}

}  // namespace elastic::ops
