// The trunk's input: item embedding + position embedding, norm, dropout, in one pass.
#include "cuda/backend.h"
#include "cuda/norm_rows.cuh"
#include "cuda/rows.h"

namespace elastic::cuda {
namespace {

// A token's row, gathered, and the gradient behind its dropout.
template <class T>
struct EmbeddingRow {
  const T* items;
  const T* places;  ///< null without positions
  const std::int32_t* ids;
  const std::int32_t* positions;
  const T* grad_y;
  int dim;

  __device__ T x(std::int64_t i, int j) const {
    const T item = items[static_cast<std::int64_t>(ids[i]) * dim + j];
    return places == nullptr ? item
                             : item + places[static_cast<std::int64_t>(positions[i]) * dim + j];
  }
  __device__ T grad(std::int64_t i, int j, DropoutCursor<T>& cursor) const {
    const std::int64_t e = i * dim + j;
    return __ldg(grad_y + e) * cursor.factor(e);
  }
};

template <class T>
EmbeddingRow<T> rows_of(const Tensor& item_table,
                        const Tensor& position_table,
                        const Tensor& ids,
                        const Tensor& positions) {
  EmbeddingRow<T> rows{};
  rows.items = item_table.data<T>();
  rows.places = data_or_null<T>(position_table);
  rows.ids = ids.data<std::int32_t>();
  rows.positions = data_or_null<std::int32_t>(positions);
  rows.dim = static_cast<int>(item_table.cols());
  return rows;
}

}  // namespace

void CudaBackend::input_embedding_forward(const Tensor& item_table,
                                          const Tensor& position_table,
                                          const Tensor& ids,
                                          const Tensor& positions,
                                          const Norm& norm,
                                          const Dropout& dropout,
                                          Tensor& y) {
  with_real_type(y.dtype(), [&](auto tag) {
    using T = decltype(tag);
    norm_rows<T>("input_embedding_forward",
                 ids.numel(),
                 rows_of<T>(item_table, position_table, ids, positions),
                 norm,
                 DropoutView<T>(dropout),
                 y.data<T>());
  });
}

void CudaBackend::input_embedding_backward(const Tensor& item_table,
                                           const Tensor& position_table,
                                           const Tensor& ids,
                                           const Tensor& positions,
                                           const Norm& norm,
                                           const Dropout& dropout,
                                           const Tensor& grad_y,
                                           Tensor& grad_item_table,
                                           Tensor& grad_position_table,
                                           NormGrad& grad_norm) {
  with_real_type(grad_y.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const char* op = "input_embedding_backward";
    const std::int64_t count = ids.numel();
    const std::int64_t dim = grad_y.cols();
    EmbeddingRow<T> rows = rows_of<T>(item_table, position_table, ids, positions);
    rows.grad_y = grad_y.data<T>();
    const std::int64_t blocks = divide_up(count, kNormRows);
    Tensor partials = workspace<T>(blocks * 2 * dim);
    Tensor grad_x = workspace<T>(count * dim);
    norm_rows_backward<T>(op,
                          count,
                          rows,
                          norm,
                          DropoutView<T>(dropout),
                          nullptr,
                          grad_x.data<T>(),
                          partials.data<T>());
    write_norm_gradient(op, partials.data<T>(), blocks, dim, grad_norm);
    scatter_add(op,
                grad_x.data<T>(),
                rows.ids,
                count,
                dim,
                item_table.rows(),
                /*first_row=*/1,
                grad_item_table.data<T>());
    if (position_table.defined()) {
      scatter_add(op,
                  grad_x.data<T>(),
                  rows.positions,
                  count,
                  dim,
                  position_table.rows(),
                  /*first_row=*/0,
                  grad_position_table.data<T>());
    }
  });
}

}  // namespace elastic::cuda
