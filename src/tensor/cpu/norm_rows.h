// LayerNorm over the rows of a tile, shared by all kernels that normalise their input.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"
#include "tensor/cpu/vector_math.h"
#include "tensor/norm.h"

namespace elastic::cpu {

/// Host pointers of a Norm; null for one without parameters.
template <class T>
struct NormView {
  const T* weight = nullptr;
  const T* bias = nullptr;

  explicit NormView(const Norm& norm)
      : weight(norm.weight.defined() ? norm.weight.data<T>() : nullptr),
        bias(norm.bias.defined() ? norm.bias.data<T>() : nullptr) {}
};

/// Calls body(d) with the row length, as a compile-time constant for common lengths. Loops then
/// unroll and a row stays in registers: three times as fast as loops of unknown length.
template <class Body>
inline void with_row_length(std::int64_t dim, const Body& body) {
  switch (dim) {
    case 32:
      return body(std::integral_constant<std::int64_t, 32>{});
    case 64:
      return body(std::integral_constant<std::int64_t, 64>{});
    case 128:
      return body(std::integral_constant<std::int64_t, 128>{});
    case 256:
      return body(std::integral_constant<std::int64_t, 256>{});
    default:
      return body(dim);
  }
}

/// Mean and 1 / sqrt(var + eps) of one row.
template <class T, class Length>
inline void row_moments(const T* x, Length dim, T& mean, T& inverse) {
  const T count = static_cast<T>(std::int64_t{dim});
  LaneSum<T> sum;
  for_lanes<T>(dim, [&](auto v, std::int64_t j) { sum.add(load<decltype(v)>(x + j)); });
  const T center = sum.total() / count;
  LaneSum<T> squares;
  for_lanes<T>(dim, [&](auto v, std::int64_t j) {
    v = load<decltype(v)>(x + j) - center;
    squares.add(v * v);
  });
  mean = center;
  inverse = T(1) / std::sqrt(squares.total() / count + static_cast<T>(kNormEpsilon));
}

/// out [rows, dim] = norm(x); rows of both are `dim` apart. out may be x.
template <class T>
void norm_rows(const T* x, std::int64_t rows, std::int64_t dim, const NormView<T>& norm, T* out) {
  with_row_length(dim, [&](auto length) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const T* row = x + i * length;
      T* result = out + i * length;
      T mean;
      T inverse;
      row_moments(row, length, mean, inverse);
      if (norm.weight == nullptr) {
        for_lanes<T>(length, [&](auto v, std::int64_t j) {
          store(result + j, (load<decltype(v)>(row + j) - mean) * inverse);
        });
      } else {
        for_lanes<T>(length, [&](auto v, std::int64_t j) {
          using V = decltype(v);
          store(result + j,
                (load<V>(row + j) - mean) * inverse * load<V>(norm.weight + j) +
                    load<V>(norm.bias + j));
        });
      }
    }
  });
}

// norm_rows_backward for a norm with or without parameters.
template <class T, bool Affine, class Length>
void norm_rows_backward(const T* x,
                        std::int64_t rows,
                        Length dim,
                        const T* weight,
                        const T* grad_y,
                        const T* residual,
                        T* grad_x,
                        T* grad_weight,
                        T* grad_bias) {
  const T count = static_cast<T>(std::int64_t{dim});
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* row = x + i * dim;
    const T* grad = grad_y + i * dim;
    const T* added = residual == nullptr ? nullptr : residual + i * dim;
    T* out = grad_x + i * dim;
    T mean;
    T inverse;
    row_moments(row, dim, mean, inverse);
    const auto scaled = [&](auto v, std::int64_t j) {
      v = load<decltype(v)>(grad + j);
      if constexpr (Affine) {
        v *= load<decltype(v)>(weight + j);
      }
      return v;
    };
    LaneSum<T> grad_sum;
    LaneSum<T> grad_dot;
    for_lanes<T>(dim, [&](auto v, std::int64_t j) {
      using V = decltype(v);
      const V centered = load<V>(row + j) - mean;
      const V g = scaled(v, j);
      grad_sum.add(g);
      grad_dot.add(g * centered);
      if constexpr (Affine) {
        const V plain = load<V>(grad + j);
        store(grad_weight + j, load<V>(grad_weight + j) + plain * centered * inverse);
        store(grad_bias + j, load<V>(grad_bias + j) + plain);
      }
    });
    const T mean_grad = grad_sum.total() / count;
    const T mean_dot = grad_dot.total() * inverse * inverse / count;
    for_lanes<T>(dim, [&](auto v, std::int64_t j) {
      using V = decltype(v);
      v = inverse * (scaled(v, j) - mean_grad - (load<V>(row + j) - mean) * mean_dot);
      store(out + j, added == nullptr ? v : v + load<V>(added + j));
    });
  }
}

/// Backward of norm_rows: with y = n w + b, n = (x - mean) r and g = dL/dy,
///   dL/dx = r (g w - mean(g w) - n mean(g w n)),  dL/dw = sum g n,  dL/db = sum g.
/// Adds `residual` to dL/dx unless it is null (it may be grad_x); adds into grad_weight and
/// grad_bias [dim] unless the norm has no parameters. grad_y may be grad_x.
template <class T>
void norm_rows_backward(const T* x,
                        std::int64_t rows,
                        std::int64_t dim,
                        const NormView<T>& norm,
                        const T* grad_y,
                        const T* residual,
                        T* grad_x,
                        T* grad_weight,
                        T* grad_bias) {
  with_row_length(dim, [&](auto length) {
    if (norm.weight == nullptr) {
      norm_rows_backward<T, false>(
          x, rows, length, norm.weight, grad_y, residual, grad_x, grad_weight, grad_bias);
    } else {
      norm_rows_backward<T, true>(
          x, rows, length, norm.weight, grad_y, residual, grad_x, grad_weight, grad_bias);
    }
  });
}

/// Sums partials [count, 2 * dim], weight then bias, into the norm's gradient, if it has one.
template <class T>
void write_norm_gradient(const T* partials, std::int64_t count, std::int64_t dim, NormGrad& grad) {
  if (!grad.weight.defined()) {
    return;
  }
  Tensor total = workspace<T>(2 * dim);
  const T* sums = total.data<T>();
  sum_partials(partials, count, 2 * dim, total.data<T>());
  std::copy(sums, sums + dim, grad.weight.data<T>());
  std::copy(sums + dim, sums + 2 * dim, grad.bias.data<T>());
}

}  // namespace elastic::cpu
