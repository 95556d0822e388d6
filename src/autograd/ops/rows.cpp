#include "autograd/ops/rows.h"

#include "autograd/ops/reshape.h"
#include "base/scope.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/routing.h"
#include "tensor/kernels/row_numbers.h"
#include "tensor/kernels/rows.h"

namespace elastic::ops {

Variable gather_rows(const Variable& table, const Tensor& rows) {
  const OpScope scope(__func__);
  require_shape(table.shape().rank() == 2, "gather_rows: expected a table, got ", table.shape());
  Tensor out({rows.numel(), table.shape()[1]}, table.value().dtype(), table.value().device());
  run(kernels::GatherRows{table.value(), rows, out});
  return record(out, {table}, [table, rows](const Tensor& grad) {
    run(kernels::ScatterAddRows{grad, rows, table.grad_buffer()});
  });
}

Variable scatter_add_rows(const Variable& x, const Tensor& rows, std::int64_t count) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && rows.numel() == x.shape()[0],
                "scatter_add_rows: ",
                rows.numel(),
                " rows for ",
                x.shape());
  Tensor out = zeros({count, x.shape()[1]}, x.value().dtype(), x.value().device());
  run(kernels::ScatterAddRows{x.value(), rows, out});
  return record(out, {x}, [x, rows](const Tensor& grad) {
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    run(kernels::GatherRows{grad, rows, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

Variable permute_rows(const Variable& x, const Tensor& order, const Tensor& inverse) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && order.shape() == Shape{x.shape()[0]} &&
                    inverse.shape() == order.shape(),
                "permute_rows: expected a matrix and two orders of its rows, got ",
                x.shape(),
                ", ",
                order.shape(),
                " and ",
                inverse.shape());
  Tensor out = empty_like(x.value());
  run(kernels::GatherRows{x.value(), order, out});
  return record(out, {x}, [x, inverse](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    run(kernels::GatherRows{grad, inverse, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

Variable scatter_mean_rows(const Variable& x, const Tensor& rows, std::int64_t num_rows) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && rows.shape() == Shape{x.shape()[0]},
                "scatter_mean_rows: expected a matrix and a row for each of its own, got ",
                x.shape(),
                " and ",
                rows.shape());
  const DType dtype = x.value().dtype();
  const Device device = x.value().device();
  Tensor ones({x.shape()[0], 1}, dtype, device);
  fill(ones, 1.0);
  Tensor counts = zeros({num_rows, 1}, dtype, device);
  run(kernels::ScatterAddRows{ones, rows, counts});
  Tensor out = zeros({num_rows, x.shape()[1]}, dtype, device);
  run(kernels::ScatterAddRows{x.value(), rows, out});
  run(kernels::DivideRows{out, counts, out});
  return record(out, {x}, [x, rows, counts](Tensor grad) {
    run(kernels::DivideRows{grad, counts, grad});
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    run(kernels::GatherRows{grad, rows, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

Variable repeat(const Variable& x, std::int64_t count) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2, "repeat: expected a matrix, got ", x.shape());
  const std::int64_t rows = x.shape()[0];
  Tensor row_index({count * rows}, DType::kInt32, x.value().device());
  run(kernels::Iota{static_cast<std::int32_t>(rows), 1, row_index});
  return reshape(gather_rows(x, row_index), {count, rows, x.shape()[1]});
}

Variable first_rows(const Variable& x, std::int64_t count) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && count <= x.shape()[0],
                "first_rows: ",
                count,
                " rows of ",
                x.shape());
  const Tensor rows = clone(x.value().slice(0, count));
  return record(rows, {x}, [x, count](const Tensor& grad) {
    Tensor rows_grad = x.grad_buffer().slice(0, count);
    run(kernels::AddTo{grad, rows_grad});
  });
}

}  // namespace elastic::ops
