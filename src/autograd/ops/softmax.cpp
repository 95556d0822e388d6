#include "autograd/ops/softmax.h"

#include "base/scope.h"
#include "tensor/kernels/softmax.h"

namespace elastic::ops {

Variable softmax(const Variable& logits) {
  const OpScope scope(__func__);
  const Tensor& x = logits.value();
  require_shape(x.shape().rank() >= 1, "softmax: expected logits [..., N], got ", x.shape());
  Tensor probs = empty_like(x);
  run(kernels::SoftmaxForward{x, probs});
  return record(probs, {logits}, [logits, probs](const Tensor& grad) {
    Tensor grad_logits = empty_like(grad, Memory::kGradient);
    run(kernels::SoftmaxBackward{probs, grad, grad_logits});
    logits.add_grad(std::move(grad_logits));
  });
}

}  // namespace elastic::ops
