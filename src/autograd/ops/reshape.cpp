#include "autograd/ops/reshape.h"

#include "base/scope.h"

namespace elastic::ops {

Variable reshape(const Variable& x, const Shape& shape) {
  const OpScope scope(__func__);
  return record(x.value().reshape(shape), {x}, [x](Tensor grad) {
    Tensor view = grad.reshape(x.shape());
    grad = {};
    x.add_grad(std::move(view));
  });
}

}  // namespace elastic::ops
