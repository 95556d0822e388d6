#include "autograd/ops/token_softmax.h"

#include "base/scope.h"
#include "tensor/kernels/token_softmax.h"

namespace elastic::ops {

Variable token_softmax(const Variable& x, const Segments& segments) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && x.shape()[0] == segments.num_tokens(),
                "token_softmax: expected tokens [",
                segments.num_tokens(),
                ", C], got ",
                x.shape());
  Tensor probs = empty_like(x.value());
  run(kernels::TokenSoftmaxForward{x.value(), segments, probs});
  return record(probs, {x}, [x, segments, probs](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    run(kernels::TokenSoftmaxBackward{probs, segments, grad, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

}  // namespace elastic::ops
