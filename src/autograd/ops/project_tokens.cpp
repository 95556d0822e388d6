#include "autograd/ops/project_tokens.h"

#include "base/scope.h"
#include "tensor/kernels/project_tokens.h"

namespace elastic::ops {

Variable project_tokens(const Variable& x, const Variable& projection, const Segments& segments) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && x.shape()[0] == segments.num_tokens(),
                "project_tokens: expected tokens [",
                segments.num_tokens(),
                ", D], got ",
                x.shape());
  require_shape(projection.shape().rank() == 2 && projection.shape()[1] >= segments.max_length(),
                "project_tokens: expected a projection [k, N] with N at least ",
                segments.max_length(),
                ", got ",
                projection.shape());
  Tensor out({segments.size(), projection.shape()[0], x.shape()[1]},
             x.value().dtype(),
             x.value().device());
  run(kernels::ProjectTokensForward{x.value(), projection.value(), segments, out});
  return record(out, {x, projection}, [x, projection, segments](const Tensor& grad) {
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    Tensor grad_projection = empty_like(projection.value(), Memory::kGradient);
    run(kernels::ProjectTokensBackward{.x = x.value(),
                                       .projection = projection.value(),
                                       .segments = segments,
                                       .grad_out = grad,
                                       .grad_x = grad_x,
                                       .grad_projection = grad_projection});
    x.add_grad(std::move(grad_x));
    projection.add_grad(std::move(grad_projection));
  });
}

}  // namespace elastic::ops
