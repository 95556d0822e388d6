#include "autograd/ops/stack.h"

#include "base/scope.h"
#include "tensor/kernels/elementwise.h"

namespace elastic::ops {
namespace {

Shape without_first(const Shape& shape) {
  std::vector<std::int64_t> extents;
  for (int i = 1; i < shape.rank(); ++i) {
    extents.push_back(shape[i]);
  }
  return Shape(extents);
}

Tensor part(const Tensor& x, std::int64_t i) {
  return x.slice(i, i + 1).reshape(without_first(x.shape()));
}

}  // namespace

std::vector<Variable> unstack(const Variable& x) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() >= 1, "unstack: expected a tensor [N, ...], got ", x.shape());
  std::vector<Variable> parts;
  for (std::int64_t i = 0; i < x.shape()[0]; ++i) {
    parts.push_back(record(part(x.value(), i), {x}, [x, i](const Tensor& grad) {
      Tensor place = part(x.grad_buffer(), i);
      run(kernels::AddTo{grad, place});
    }));
  }
  return parts;
}

Variable stack(const std::vector<Variable>& parts) {
  const OpScope scope(__func__);
  require_shape(!parts.empty(), "stack: expected one tensor or more");
  const Tensor& first = parts.front().value();
  std::vector<std::int64_t> extents{static_cast<std::int64_t>(parts.size())};
  for (int i = 0; i < first.shape().rank(); ++i) {
    extents.push_back(first.shape()[i]);
  }
  Tensor out(Shape(extents), first.dtype(), first.device());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    require_shape(parts[i].shape() == first.shape(),
                  "stack: shapes differ, ",
                  first.shape(),
                  " and ",
                  parts[i].shape());
    Tensor place = part(out, static_cast<std::int64_t>(i));
    copy(parts[i].value(), place);
  }
  return record(out, parts, [parts](const Tensor& grad) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i].add_grad(part(grad, static_cast<std::int64_t>(i)));
    }
  });
}

}  // namespace elastic::ops
