// Kernels over rows: softmax, layer norm, gathers and scatters.
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {

void CpuBackend::softmax_forward(const Tensor& x, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = x.cols();
    const Tiles tiles{x.rows(), kTokenTile};
    parallel_for(tiles.count(), kElementWork * static_cast<double>(y.numel()), [&](std::int64_t t) {
      for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
        const ConstArrayMap<T> in(x.data<T>() + i * dim, dim);
        ArrayMap<T> out(y.data<T>() + i * dim, dim);
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
  });
}

void CpuBackend::softmax_backward(const Tensor& y, const Tensor& grad_y, Tensor& grad_x) {
  with_real_type(y.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = y.cols();
    const Tiles tiles{y.rows(), kTokenTile};
    parallel_for(tiles.count(), kElementWork * static_cast<double>(y.numel()), [&](std::int64_t t) {
      for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
        const ConstArrayMap<T> probs(y.data<T>() + i * dim, dim);
        const ConstArrayMap<T> grad(grad_y.data<T>() + i * dim, dim);
        const T dot = (probs * grad).sum();
        ArrayMap<T>(grad_x.data<T>() + i * dim, dim) = probs * (grad - dot);
      }
    });
  });
}

void CpuBackend::layer_norm_forward(const Tensor& x, const Norm& norm, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = x.cols();
    const Tiles tiles{x.rows(), kTokenTile};
    parallel_for(tiles.count(), kElementWork * static_cast<double>(y.numel()), [&](std::int64_t t) {
      norm_rows(x.data<T>() + tiles.begin(t) * dim,
                tiles.end(t) - tiles.begin(t),
                dim,
                NormView<T>(norm),
                y.data<T>() + tiles.begin(t) * dim);
    });
  });
}

void CpuBackend::layer_norm_backward(
    const Tensor& x, const Norm& norm, const Tensor& grad_y, Tensor& grad_x, NormGrad& grad_norm) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = x.cols();
    const Tiles chunks = reduction_chunks(x.rows());
    Tensor partials = workspace<T>(chunks.count() * 2 * dim);
    fill(partials, 0.0);
    parallel_for(
        chunks.count(), kElementWork * static_cast<double>(x.numel()), [&](std::int64_t c) {
          const std::int64_t first = chunks.begin(c) * dim;
          T* partial = partials.data<T>() + c * 2 * dim;
          norm_rows_backward<T>(x.data<T>() + first,
                                chunks.end(c) - chunks.begin(c),
                                dim,
                                NormView<T>(norm),
                                grad_y.data<T>() + first,
                                nullptr,
                                grad_x.data<T>() + first,
                                partial,
                                partial + dim);
        });
    write_norm_gradient(partials.data<T>(), chunks.count(), dim, grad_norm);
  });
}

void CpuBackend::gather_rows(const Tensor& table, const Tensor& rows, Tensor& out) {
  const std::int64_t dim = table.cols();
  const auto* index = rows.data<std::int32_t>();
  with_real_type(table.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const Tiles tiles{rows.numel(), kTokenTile};
    parallel_for(
        tiles.count(), kElementWork * static_cast<double>(out.numel()), [&](std::int64_t t) {
          for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
            const T* source = table.data<T>() + index[i] * dim;
            std::copy(source, source + dim, out.data<T>() + i * dim);
          }
        });
  });
}

void CpuBackend::scatter_add_rows(const Tensor& grad_out, const Tensor& rows, Tensor& grad_table) {
  with_real_type(grad_out.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const SortedRows sorted(rows.data<std::int32_t>(), rows.numel(), grad_table.rows());
    sorted.add_to(grad_out.data<T>(), grad_table.cols(), 0, grad_table.data<T>());
  });
}

}  // namespace elastic::cpu
