// The trunk's input: item embedding + position embedding, norm, dropout, in one pass.
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"

namespace elastic::cpu {
namespace {

// out [rows, dim] = item_table[ids] + position_table[positions] for tokens begin..begin+rows-1.
template <class T>
void gather_sum(const Tensor& item_table,
                const Tensor& position_table,
                const Tensor& ids,
                const Tensor& positions,
                std::int64_t begin,
                std::int64_t rows,
                T* out) {
  const std::int64_t dim = item_table.cols();
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* item = item_table.data<T>() + ids.data<std::int32_t>()[begin + i] * dim;
    if (!position_table.defined()) {
      std::copy(item, item + dim, out + i * dim);
      continue;
    }
    const T* place = position_table.data<T>() + positions.data<std::int32_t>()[begin + i] * dim;
    for (std::int64_t j = 0; j < dim; ++j) {
      out[i * dim + j] = item[j] + place[j];
    }
  }
}

}  // namespace

void CpuBackend::input_embedding_forward(const Tensor& item_table,
                                         const Tensor& position_table,
                                         const Tensor& ids,
                                         const Tensor& positions,
                                         const Norm& norm,
                                         const Dropout& dropout,
                                         Tensor& y) {
  with_real_type(y.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = y.cols();
    const ThreadScratch<T> scratch(kTokenTile * dim);
    const Tiles tiles{y.rows(), kTokenTile};
    parallel_for(tiles.count(), kElementWork * static_cast<double>(y.numel()), [&](std::int64_t t) {
      const std::int64_t begin = tiles.begin(t);
      const std::int64_t rows = tiles.end(t) - begin;
      T* x = scratch.get();
      T* out = y.data<T>() + begin * dim;
      gather_sum(item_table, position_table, ids, positions, begin, rows, x);
      norm_rows(x, rows, dim, NormView<T>(norm), out);
      apply_dropout(dropout, begin * dim, rows * dim, out);
    });
  });
}

void CpuBackend::input_embedding_backward(const Tensor& item_table,
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
    const std::int64_t dim = grad_y.cols();
    const ThreadScratch<T> scratch(2 * kTokenTile * dim);
    Tensor grad_x = workspace<T>(grad_y.numel());
    const Tiles chunks = reduction_chunks(grad_y.rows());
    Tensor partials = workspace<T>(chunks.count() * 2 * dim);
    fill(partials, 0.0);
    parallel_for(
        chunks.count(), kElementWork * static_cast<double>(grad_y.numel()), [&](std::int64_t c) {
          T* x = scratch.get();
          T* grad = x + kTokenTile * dim;
          T* partial = partials.data<T>() + c * 2 * dim;
          for (std::int64_t begin = chunks.begin(c); begin < chunks.end(c); begin += kTokenTile) {
            const std::int64_t rows = std::min(kTokenTile, chunks.end(c) - begin);
            const T* in = grad_y.data<T>() + begin * dim;
            gather_sum(item_table, position_table, ids, positions, begin, rows, x);
            std::copy(in, in + rows * dim, grad);
            apply_dropout(dropout, begin * dim, rows * dim, grad);
            norm_rows_backward<T>(x,
                                  rows,
                                  dim,
                                  NormView<T>(norm),
                                  grad,
                                  nullptr,
                                  grad_x.data<T>() + begin * dim,
                                  partial,
                                  partial + dim);
          }
        });
    write_norm_gradient(partials.data<T>(), chunks.count(), dim, grad_norm);
    const SortedRows items(ids.data<std::int32_t>(), ids.numel(), item_table.rows());
    items.add_to(grad_x.data<T>(), dim, /*first_row=*/1, grad_item_table.data<T>());
    if (position_table.defined()) {
      const SortedRows places(
          positions.data<std::int32_t>(), positions.numel(), position_table.rows());
      places.add_to(grad_x.data<T>(), dim, /*first_row=*/0, grad_position_table.data<T>());
    }
  });
}

}  // namespace elastic::cpu
