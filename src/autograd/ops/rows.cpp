#include "autograd/ops/rows.h"

#include "autograd/ops/basic.h"

namespace elastic::ops {

Variable gather_rows(const Variable& table, const Tensor& rows) {
  require_shape(table.shape().rank() == 2, "gather_rows: expected a table, got ", table.shape());
  Backend& backend = backend_for(table.value().device());
  Tensor out({rows.numel(), table.shape()[1]}, table.value().dtype(), table.value().device());
  backend.gather_rows(table.value(), rows, out);
  return record(out, {table}, [table, rows, &backend](const Tensor& grad) {
    backend.scatter_add_rows(grad, rows, table.grad_buffer());
  });
}

Variable scatter_add_rows(const Variable& x, const Tensor& rows, std::int64_t count) {
  require_shape(x.shape().rank() == 2 && rows.numel() == x.shape()[0],
                "scatter_add_rows: ",
                rows.numel(),
                " rows for ",
                x.shape());
  Backend& backend = backend_for(x.value().device());
  Tensor out = zeros({count, x.shape()[1]}, x.value().dtype(), x.value().device());
  backend.scatter_add_rows(x.value(), rows, out);
  return record(out, {x}, [x, rows, &backend](const Tensor& grad) {
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    backend.gather_rows(grad, rows, grad_x);
    x.add_grad(std::move(grad_x));
  });
}

Variable permute_rows(const Variable& x, const Tensor& order, const Tensor& inverse) {
  require_shape(x.shape().rank() == 2 && order.shape() == Shape{x.shape()[0]} &&
                    inverse.shape() == order.shape(),
                "permute_rows: expected a matrix and two orders of its rows, got ",
                x.shape(),
                ", ",
                order.shape(),
                " and ",
                inverse.shape());
  Backend& backend = backend_for(x.value().device());
  Tensor out = empty_like(x.value());
  backend.gather_rows(x.value(), order, out);
  return record(out, {x}, [x, inverse, &backend](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    backend.gather_rows(grad, inverse, grad_x);
    x.add_grad(std::move(grad_x));
  });
}

Variable scatter_mean_rows(const Variable& x, const Tensor& rows, std::int64_t num_rows) {
  require_shape(x.shape().rank() == 2 && rows.shape() == Shape{x.shape()[0]},
                "scatter_mean_rows: expected a matrix and a row for each of its own, got ",
                x.shape(),
                " and ",
                rows.shape());
  const DType dtype = x.value().dtype();
  const Device device = x.value().device();
  Backend& backend = backend_for(device);
  Tensor ones({x.shape()[0], 1}, dtype, device);
  backend.fill(ones, 1.0);
  Tensor counts = zeros({num_rows, 1}, dtype, device);
  backend.scatter_add_rows(ones, rows, counts);
  Tensor out = zeros({num_rows, x.shape()[1]}, dtype, device);
  backend.scatter_add_rows(x.value(), rows, out);
  backend.divide_rows(out, counts, out);
  return record(out, {x}, [x, rows, counts, &backend](Tensor grad) {
    backend.divide_rows(grad, counts, grad);
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    backend.gather_rows(grad, rows, grad_x);
    x.add_grad(std::move(grad_x));
  });
}

Variable repeat(const Variable& x, std::int64_t count) {
  require_shape(x.shape().rank() == 2, "repeat: expected a matrix, got ", x.shape());
  const std::int64_t rows = x.shape()[0];
  Tensor row_index({count * rows}, DType::kInt32, x.value().device());
  backend_for(x.value().device()).number(static_cast<std::int32_t>(rows), 1, row_index);
  return reshape(gather_rows(x, row_index), {count, rows, x.shape()[1]});
}

Variable first_rows(const Variable& x, std::int64_t count) {
  require_shape(x.shape().rank() == 2 && count <= x.shape()[0],
                "first_rows: ",
                count,
                " rows of ",
                x.shape());
  Backend& backend = backend_for(x.value().device());
  const Tensor rows = clone(x.value().slice(0, count));
  return record(rows, {x}, [x, count, &backend](const Tensor& grad) {
    Tensor rows_grad = x.grad_buffer().slice(0, count);
    backend.add_to(grad, rows_grad);
  });
}

}  // namespace elastic::ops
