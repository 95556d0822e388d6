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

Variable repeat(const Variable& x, std::int64_t count) {
  require_shape(x.shape().rank() == 2, "repeat: expected a matrix, got ", x.shape());
  const std::int64_t rows = x.shape()[0];
  std::vector<std::int32_t> index;
  for (std::int64_t i = 0; i < count * rows; ++i) {
    index.push_back(static_cast<std::int32_t>(i % rows));
  }
  const Tensor row_index = Tensor::from(index, {count * rows}, x.value().device());
  return reshape(gather_rows(x, row_index), {count, rows, x.shape()[1]});
}

}  // namespace elastic::ops
