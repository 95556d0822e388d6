// Matrix products, linear layers and the per-head products of absorbed projections.
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/tile.h"

namespace elastic::cpu {
namespace {

template <class T>
Tensor packed(std::int64_t k, std::int64_t n, View<T> b) {
  Tensor result = workspace<T>(packed_size<T>(k, n));
  pack(k, n, b, result.data<T>());
  return result;
}

// y tile = x weight^T + bias for `rows` rows.
template <class T>
void linear_tile(const T* x,
                 std::int64_t rows,
                 std::int64_t in,
                 std::int64_t out,
                 const T* packed_weight,
                 const Tensor& bias,
                 T* y) {
  if (bias.defined()) {
    fill_rows(bias.data<T>(), rows, out, y);
  }
  gemm(rows, out, in, row_major(x, in), packed_weight, y, out, bias.defined());
}

template <class T>
void weight_gradient(const Tensor& x,
                     const Tensor& grad_y,
                     Tensor* grad_weight,
                     Tensor* grad_bias) {
  const std::int64_t in = x.cols();
  const std::int64_t out = grad_y.cols();
  const Tiles chunks = reduction_chunks(x.rows());
  const std::int64_t size = out * in + out;  // weight, then bias
  Tensor total = workspace<T>(size);
  const double work = product_work(x.rows(), in, out);
  reduce_chunks(chunks, work, size, total.data<T>(), [&](std::int64_t c, T* partial) {
    const std::int64_t begin = chunks.begin(c);
    const std::int64_t rows = chunks.end(c) - begin;
    const T* grad = grad_y.data<T>() + begin * out;
    if (grad_weight != nullptr) {
      gemm_unpacked(
          out, in, rows, transposed(grad, out), x.data<T>() + begin * in, in, partial, in, true);
    }
    add_row_sum(grad, rows, out, partial + out * in);
  });
  const T* sums = total.data<T>();
  if (grad_weight != nullptr) {
    std::copy(sums, sums + out * in, grad_weight->data<T>());
  }
  if (grad_bias != nullptr) {
    std::copy(sums + out * in, sums + size, grad_bias->data<T>());
  }
}

}  // namespace

void CpuBackend::transpose(const Tensor& x, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    cpu::transpose(x.data<T>(), x.shape()[0], x.shape()[1], out.data<T>());
  });
}

void CpuBackend::linear_forward(const Tensor& x,
                                const Tensor& weight,
                                const Tensor& bias,
                                Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t in = x.cols();
    const std::int64_t out = y.cols();
    const Tensor right = packed(in, out, transposed(weight.data<T>(), in));
    const Tiles tiles = token_tiles(x.rows());
    parallel_for(tiles.count(), product_work(x.rows(), in, out), [&](std::int64_t t) {
      linear_tile(x.data<T>() + tiles.begin(t) * in,
                  tiles.end(t) - tiles.begin(t),
                  in,
                  out,
                  right.data<T>(),
                  bias,
                  y.data<T>() + tiles.begin(t) * out);
    });
  });
}

void CpuBackend::linear_backward(const Tensor& x,
                                 const Tensor& weight,
                                 const Tensor& grad_y,
                                 Tensor* grad_x,
                                 Tensor* grad_weight,
                                 Tensor* grad_bias) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t in = x.cols();
    const std::int64_t out = grad_y.cols();
    if (grad_x != nullptr) {
      const Tensor right = packed(out, in, row_major(weight.data<T>(), in));
      const Tiles tiles = token_tiles(x.rows());
      parallel_for(tiles.count(), product_work(x.rows(), in, out), [&](std::int64_t t) {
        gemm(tiles.end(t) - tiles.begin(t),
             in,
             out,
             row_major<T>(grad_y.data<T>() + tiles.begin(t) * out, out),
             right.data<T>(),
             grad_x->data<T>() + tiles.begin(t) * in,
             in,
             false);
      });
    }
    if (grad_weight != nullptr || grad_bias != nullptr) {
      weight_gradient<T>(x, grad_y, grad_weight, grad_bias);
    }
  });
}

void CpuBackend::linear_residual_forward(const Tensor& x,
                                         const Tensor& weight,
                                         const Tensor& bias,
                                         const Tensor& residual,
                                         const Dropout& dropout,
                                         Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t in = x.cols();
    const std::int64_t out = y.cols();
    const Tensor right = packed(in, out, transposed(weight.data<T>(), in));
    const Tiles tiles = token_tiles(x.rows());
    parallel_for(tiles.count(), product_work(x.rows(), in, out), [&](std::int64_t t) {
      const std::int64_t rows = tiles.end(t) - tiles.begin(t);
      const std::int64_t first = tiles.begin(t) * out;
      T* result = y.data<T>() + first;
      const T* added = residual.data<T>() + first;
      linear_tile(x.data<T>() + tiles.begin(t) * in, rows, in, out, right.data<T>(), bias, result);
      apply_dropout(dropout, first, rows * out, result);
      for (std::int64_t i = 0; i < rows * out; ++i) {
        result[i] += added[i];
      }
    });
  });
}

void CpuBackend::heads_expand(const Tensor& x, const Tensor& weight, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = x.cols();
    const std::int64_t heads = out.shape()[1];
    const std::int64_t experts = out.shape()[2];
    const std::int64_t head_dim = dim / heads;
    const std::int64_t packed_head = packed_size<T>(head_dim, dim);
    Tensor right = workspace<T>(heads * packed_head);
    for (std::int64_t h = 0; h < heads; ++h) {
      pack(head_dim,
           dim,
           row_major(weight.data<T>() + h * head_dim * dim, dim),
           right.data<T>() + h * packed_head);
    }
    parallel_for(out.shape()[0], product_work(x.rows(), dim, dim), [&](std::int64_t b) {
      for (std::int64_t h = 0; h < heads; ++h) {
        gemm(experts,
             dim,
             head_dim,
             row_major<T>(x.data<T>() + b * experts * dim + h * head_dim, dim),
             right.data<T>() + h * packed_head,
             out.data<T>() + (b * heads + h) * experts * dim,
             dim,
             false);
      }
    });
  });
}

void CpuBackend::heads_contract(const Tensor& z, const Tensor& weight, Tensor& out) {
  with_real_type(z.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = out.cols();
    const std::int64_t heads = z.shape()[1];
    const std::int64_t experts = z.shape()[2];
    const std::int64_t head_dim = dim / heads;
    const std::int64_t packed_head = packed_size<T>(dim, head_dim);
    Tensor right = workspace<T>(heads * packed_head);
    for (std::int64_t h = 0; h < heads; ++h) {
      pack(dim,
           head_dim,
           transposed(weight.data<T>() + h * head_dim * dim, dim),
           right.data<T>() + h * packed_head);
    }
    parallel_for(z.shape()[0], product_work(out.rows(), dim, dim), [&](std::int64_t b) {
      for (std::int64_t h = 0; h < heads; ++h) {
        gemm(experts,
             head_dim,
             dim,
             row_major<T>(z.data<T>() + (b * heads + h) * experts * dim, dim),
             right.data<T>() + h * packed_head,
             out.data<T>() + b * experts * dim + h * head_dim,
             dim,
             false);
      }
    });
  });
}

void CpuBackend::heads_outer(const Tensor& x, const Tensor& z, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = x.cols();
    const std::int64_t heads = z.shape()[1];
    const std::int64_t experts = z.shape()[2];
    const std::int64_t head_dim = dim / heads;
    const Tiles chunks = reduction_chunks(z.shape()[0], 4);
    const double work = product_work(x.rows(), dim, dim);
    reduce_chunks(chunks, work, dim * dim, out.data<T>(), [&](std::int64_t c, T* partial) {
      for (std::int64_t b = chunks.begin(c); b < chunks.end(c); ++b) {
        for (std::int64_t h = 0; h < heads; ++h) {
          gemm_unpacked(head_dim,
                        dim,
                        experts,
                        transposed<T>(x.data<T>() + b * experts * dim + h * head_dim, dim),
                        z.data<T>() + (b * heads + h) * experts * dim,
                        dim,
                        partial + h * head_dim * dim,
                        dim,
                        true);
        }
      }
    });
  });
}

}  // namespace elastic::cpu
