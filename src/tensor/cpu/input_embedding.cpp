// The trunk's input: item embedding + position embedding, norm, dropout, in one pass.
#include "tensor/kernels/input_embedding.h"

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

template <class T>
void input_embedding_forward(const kernels::InputEmbeddingForward& k) {
  const std::int64_t dim = k.y.cols();
  const ThreadScratch<T> scratch(kTokenTile * dim);
  const Tiles tiles{k.y.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.y.numel()), [&](std::int64_t t) {
    const std::int64_t begin = tiles.begin(t);
    const std::int64_t rows = tiles.end(t) - begin;
    T* x = scratch.get();
    T* out = k.y.data<T>() + begin * dim;
    gather_sum(k.item_table, k.position_table, k.ids, k.positions, begin, rows, x);
    norm_rows(x, rows, dim, NormView<T>(k.norm), out);
    apply_dropout(k.dropout, begin * dim, rows * dim, out);
  });
}
const OnCpu input_embedding_forward_entry{input_embedding_forward<float>,
                                          input_embedding_forward<double>};

template <class T>
void input_embedding_backward(const kernels::InputEmbeddingBackward& k) {
  const std::int64_t dim = k.grad_y.cols();
  const ThreadScratch<T> scratch(2 * kTokenTile * dim);
  Tensor grad_x = workspace<T>(k.grad_y.numel());
  const Tiles chunks = reduction_chunks(k.grad_y.rows());
  Tensor partials = workspace<T>(chunks.count() * 2 * dim);
  fill_elements(partials, 0.0);
  parallel_for(
      chunks.count(), kElementWork * static_cast<double>(k.grad_y.numel()), [&](std::int64_t c) {
        T* x = scratch.get();
        T* grad = x + kTokenTile * dim;
        T* partial = partials.data<T>() + c * 2 * dim;
        for (std::int64_t begin = chunks.begin(c); begin < chunks.end(c); begin += kTokenTile) {
          const std::int64_t rows = std::min(kTokenTile, chunks.end(c) - begin);
          const T* in = k.grad_y.data<T>() + begin * dim;
          gather_sum(k.item_table, k.position_table, k.ids, k.positions, begin, rows, x);
          std::copy(in, in + rows * dim, grad);
          apply_dropout(k.dropout, begin * dim, rows * dim, grad);
          norm_rows_backward<T>(x,
                                rows,
                                dim,
                                NormView<T>(k.norm),
                                grad,
                                nullptr,
                                grad_x.data<T>() + begin * dim,
                                partial,
                                partial + dim);
        }
      });
  write_norm_gradient(partials.data<T>(), chunks.count(), dim, k.grad_norm);
  const SortedRows items(k.ids.data<std::int32_t>(), k.ids.numel(), k.item_table.rows());
  items.add_to(grad_x.data<T>(), dim, /*first_row=*/1, k.grad_item_table.data<T>());
  if (k.position_table.defined()) {
    const SortedRows places(
        k.positions.data<std::int32_t>(), k.positions.numel(), k.position_table.rows());
    places.add_to(grad_x.data<T>(), dim, /*first_row=*/0, k.grad_position_table.data<T>());
  }
}
const OnCpu input_embedding_backward_entry{input_embedding_backward<float>,
                                           input_embedding_backward<double>};

}  // namespace
}  // namespace elastic::cpu
