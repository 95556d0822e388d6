// Linear layers.
#include "tensor/kernels/linear.h"

#include <algorithm>

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
    gemm_from_row(rows, out, in, row_major(x, in), packed_weight, bias.data<T>(), y, out);
  } else {
    gemm(rows, out, in, row_major(x, in), packed_weight, y, out, false);
  }
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

template <class T>
void linear_forward(const kernels::LinearForward& k) {
  const std::int64_t in = k.x.cols();
  const std::int64_t out = k.y.cols();
  const Tensor right = packed(in, out, transposed(k.weight.data<T>(), in));
  const Tiles tiles = token_tiles(k.x.rows());
  parallel_for(tiles.count(), product_work(k.x.rows(), in, out), [&](std::int64_t t) {
    linear_tile(k.x.data<T>() + tiles.begin(t) * in,
                tiles.end(t) - tiles.begin(t),
                in,
                out,
                right.data<T>(),
                k.bias,
                k.y.data<T>() + tiles.begin(t) * out);
  });
}
const OnCpu linear_forward_entry{linear_forward<float>, linear_forward<double>};

template <class T>
void linear_backward(const kernels::LinearBackward& k) {
  const std::int64_t in = k.x.cols();
  const std::int64_t out = k.grad_y.cols();
  if (k.grad_x != nullptr) {
    const Tensor right = packed(out, in, row_major(k.weight.data<T>(), in));
    const Tiles tiles = token_tiles(k.x.rows());
    parallel_for(tiles.count(), product_work(k.x.rows(), in, out), [&](std::int64_t t) {
      gemm(tiles.end(t) - tiles.begin(t),
           in,
           out,
           row_major<T>(k.grad_y.data<T>() + tiles.begin(t) * out, out),
           right.data<T>(),
           k.grad_x->data<T>() + tiles.begin(t) * in,
           in,
           false);
    });
  }
  if (k.grad_weight != nullptr || k.grad_bias != nullptr) {
    weight_gradient<T>(k.x, k.grad_y, k.grad_weight, k.grad_bias);
  }
}
const OnCpu linear_backward_entry{linear_backward<float>, linear_backward<double>};

template <class T>
void linear_residual_forward(const kernels::LinearResidualForward& k) {
  const std::int64_t in = k.x.cols();
  const std::int64_t out = k.y.cols();
  const Tensor right = packed(in, out, transposed(k.weight.data<T>(), in));
  const Tiles tiles = token_tiles(k.x.rows());
  parallel_for(tiles.count(), product_work(k.x.rows(), in, out), [&](std::int64_t t) {
    const std::int64_t rows = tiles.end(t) - tiles.begin(t);
    const std::int64_t first = tiles.begin(t) * out;
    T* result = k.y.data<T>() + first;
    const T* added = k.residual.data<T>() + first;
    linear_tile(
        k.x.data<T>() + tiles.begin(t) * in, rows, in, out, right.data<T>(), k.bias, result);
    apply_dropout(k.dropout, first, rows * out, result);
    for (std::int64_t i = 0; i < rows * out; ++i) {
      result[i] += added[i];
    }
  });
}
const OnCpu linear_residual_forward_entry{linear_residual_forward<float>,
                                          linear_residual_forward<double>};

}  // namespace
}  // namespace elastic::cpu
