#include "autograd/ops/dropout.h"

#include "base/scope.h"
#include "tensor/kernels/dropout.h"

namespace elastic::ops {

Variable dropout(const Variable& x, const Dropout& dropout) {
  const OpScope scope(__func__);
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
