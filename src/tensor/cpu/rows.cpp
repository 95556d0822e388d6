// Kernels over rows: softmax, layer norm, gathers and scatters.
#include "tensor/kernels/rows.h"

#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"
#include "tensor/cpu/vector_math.h"
#include "tensor/kernels/layer_norm.h"
#include "tensor/kernels/softmax.h"

namespace elastic::cpu {
namespace {

template <class T>
void softmax_forward(const kernels::SoftmaxForward& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles tiles{k.x.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.y.numel()), [&](std::int64_t t) {
    for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
      const ConstArrayMap<T> in(k.x.data<T>() + i * dim, dim);
      ArrayMap<T> out(k.y.data<T>() + i * dim, dim);
      out = in - in.maxCoeff();
      exp_in_place(out.data(), dim);
      T sum = 0;
#pragma omp simd reduction(+ : sum)
      for (std::int64_t j = 0; j < dim; ++j) {
        sum += out[j];
      }
      out /= sum;
    }
  });
}
const OnCpu softmax_forward_entry{softmax_forward<float>, softmax_forward<double>};

template <class T>
void softmax_backward(const kernels::SoftmaxBackward& k) {
  const std::int64_t dim = k.y.cols();
  const Tiles tiles{k.y.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.y.numel()), [&](std::int64_t t) {
    for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
      const ConstArrayMap<T> probs(k.y.data<T>() + i * dim, dim);
      const ConstArrayMap<T> grad(k.grad_y.data<T>() + i * dim, dim);
      const T dot = (probs * grad).sum();
      ArrayMap<T>(k.grad_x.data<T>() + i * dim, dim) = probs * (grad - dot);
    }
  });
}
const OnCpu softmax_backward_entry{softmax_backward<float>, softmax_backward<double>};

template <class T>
void layer_norm_forward(const kernels::LayerNormForward& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles tiles{k.x.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.y.numel()), [&](std::int64_t t) {
    norm_rows(k.x.data<T>() + tiles.begin(t) * dim,
              tiles.end(t) - tiles.begin(t),
              dim,
              NormView<T>(k.norm),
              k.y.data<T>() + tiles.begin(t) * dim);
  });
}
const OnCpu layer_norm_forward_entry{layer_norm_forward<float>, layer_norm_forward<double>};

template <class T>
void layer_norm_backward(const kernels::LayerNormBackward& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles chunks = reduction_chunks(k.x.rows());
  Tensor partials = workspace<T>(chunks.count() * 2 * dim);
  fill_elements(partials, 0.0);
  parallel_for(
      chunks.count(), kElementWork * static_cast<double>(k.x.numel()), [&](std::int64_t c) {
        const std::int64_t first = chunks.begin(c) * dim;
        T* partial = partials.data<T>() + c * 2 * dim;
        norm_rows_backward<T>(k.x.data<T>() + first,
                              chunks.end(c) - chunks.begin(c),
                              dim,
                              NormView<T>(k.norm),
                              k.grad_y.data<T>() + first,
                              nullptr,
                              k.grad_x.data<T>() + first,
                              partial,
                              partial + dim);
      });
  write_norm_gradient(partials.data<T>(), chunks.count(), dim, k.grad_norm);
}
const OnCpu layer_norm_backward_entry{layer_norm_backward<float>, layer_norm_backward<double>};

template <class T>
void gather_rows(const kernels::GatherRows& k) {
  const std::int64_t dim = k.table.cols();
  const auto* index = k.rows.data<std::int32_t>();
  const Tiles tiles{k.rows.numel(), kTokenTile};
  parallel_for(
      tiles.count(), kElementWork * static_cast<double>(k.out.numel()), [&](std::int64_t t) {
        for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
          const T* source = k.table.data<T>() + index[i] * dim;
          std::copy(source, source + dim, k.out.data<T>() + i * dim);
        }
      });
}
const OnCpu gather_rows_entry{gather_rows<float>, gather_rows<double>};

template <class T>
void scatter_add_rows(const kernels::ScatterAddRows& k) {
  const SortedRows sorted(k.rows.data<std::int32_t>(), k.rows.numel(), k.grad_table.rows());
  sorted.add_to(k.grad_out.data<T>(), k.grad_table.cols(), 0, k.grad_table.data<T>());
}
const OnCpu scatter_add_rows_entry{scatter_add_rows<float>, scatter_add_rows<double>};

}  // namespace
}  // namespace elastic::cpu
