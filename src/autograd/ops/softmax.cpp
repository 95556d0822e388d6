#include "autograd/ops/softmax.h"

namespace elastic::ops {

Variable softmax(const Variable& logits) {
  const Tensor& x = logits.value();
  require_shape(x.shape().rank() >= 1, "softmax: expected logits [..., N], got ", x.shape());
  Backend& backend = backend_for(x.device());
  Tensor probs = empty_like(x);
  backend.softmax_forward(x, probs);
  return record(probs, {logits}, [logits, probs, &backend](const Tensor& grad) {
    Tensor grad_logits = empty_like(grad, Memory::kGradient);
    backend.softmax_backward(probs, grad, grad_logits);
    logits.add_grad(std::move(grad_logits));
  });
}

}  // namespace elastic::ops
