#include "autograd/ops/sum.h"

#include "base/scope.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/sum.h"

namespace elastic::ops {

Variable sum(const Variable& x) {
  const OpScope scope(__func__);
  Tensor out({}, x.value().dtype(), x.value().device());
  run(kernels::Sum{x.value(), out});
  return record(out, {x}, [x](const Tensor& grad) {
    Tensor spread = empty_like(x.value(), Memory::kGradient);
    fill(spread, 1.0);
    run(kernels::ScaleBy{spread, grad, spread});
    x.add_grad(std::move(spread));
  });
}

}  // namespace elastic::ops
