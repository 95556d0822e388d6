// The trunk's input: item embedding + position embedding, norm, dropout, in one pass.
#include "cuda/norm_rows.cuh"
#include "cuda/rows.h"
#include "tensor/kernels/input_embedding.h"

namespace elastic::cuda {
namespace {

// A token's row, gathered, and its gradient through the dropout.
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
EmbeddingRow<T> embedding_rows(const Tensor& item_table,
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

template <class T>
void input_embedding_forward(const kernels::InputEmbeddingForward& k) {
  norm_rows<T>(k.kName,
               k.ids.numel(),
               embedding_rows<T>(k.item_table, k.position_table, k.ids, k.positions),
               k.norm,
               DropoutView<T>(k.dropout),
               k.y.data<T>());
}
const OnCuda input_embedding_forward_entry{input_embedding_forward<float>,
                                           input_embedding_forward<double>};

template <class T>
void input_embedding_backward(const kernels::InputEmbeddingBackward& k) {
  const char* op = k.kName;
  const std::int64_t count = k.ids.numel();
  const std::int64_t dim = k.grad_y.cols();
  EmbeddingRow<T> rows = embedding_rows<T>(k.item_table, k.position_table, k.ids, k.positions);
  rows.grad_y = k.grad_y.data<T>();
  const std::int64_t blocks = divide_up(count, kNormRows);
  Tensor partials = workspace<T>(blocks * 2 * dim);
  Tensor grad_x = workspace<T>(count * dim);
  norm_rows_backward<T>(op,
                        count,
                        rows,
                        k.norm,
                        DropoutView<T>(k.dropout),
                        nullptr,
                        grad_x.data<T>(),
                        partials.data<T>());
  write_norm_gradient(op, partials.data<T>(), blocks, dim, k.grad_norm);
  scatter_add(op,
              grad_x.data<T>(),
              rows.ids,
              count,
              dim,
              k.item_table.rows(),
              /*first_row=*/1,
              k.grad_item_table.data<T>());
  if (k.position_table.defined()) {
    scatter_add(op,
                grad_x.data<T>(),
                rows.positions,
                count,
                dim,
                k.position_table.rows(),
                /*first_row=*/0,
                k.grad_position_table.data<T>());
  }
}
const OnCuda input_embedding_backward_entry{input_embedding_backward<float>,
                                            input_embedding_backward<double>};

}  // namespace
}  // namespace elastic::cuda
