// LayerNorm over the rows of a tile, shared by every kernel that normalises what it reads.
#pragma once

#include <cmath>
#include <cstdint>

#include "tensor/backend.h"
#include "tensor/cpu/parallel.h"

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

/// Mean and 1 / sqrt(var + eps) of one row.
template <class T>
inline void row_moments(const T* x, std::int64_t dim, T& mean, T& inverse) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < dim; ++j) {
    sum += x[j];
  }
  mean = sum / static_cast<T>(dim);
  T squares = 0;
#pragma omp simd reduction(+ : squares)
  for (std::int64_t j = 0; j < dim; ++j) {
    squares += (x[j] - mean) * (x[j] - mean);
  }
  inverse = T(1) / std::sqrt(squares / static_cast<T>(dim) + static_cast<T>(kNormEpsilon));
}

/// out [rows, dim] = norm(x); rows of both are `dim` apart.
template <class T>
inline void norm_rows(
    const T* x, std::int64_t rows, std::int64_t dim, const NormView<T>& norm, T* out) {
  for (std::int64_t i = 0; i < rows; ++i, x += dim, out += dim) {
    T mean;
    T inverse;
    row_moments(x, dim, mean, inverse);
    if (norm.weight == nullptr) {
      for (std::int64_t j = 0; j < dim; ++j) {
        out[j] = (x[j] - mean) * inverse;
      }
    } else {
      for (std::int64_t j = 0; j < dim; ++j) {
        out[j] = (x[j] - mean) * inverse * norm.weight[j] + norm.bias[j];
      }
    }
  }
}

/// Backward of norm_rows: with y = n w + b, n = (x - mean) r and g = dL/dy,
///   dL/dx = r (g w - mean(g w) - n mean(g w n)),  dL/dw = sum g n,  dL/db = sum g.
/// Adds `residual` to dL/dx unless it is null (it may be grad_x); adds into grad_weight and
/// grad_bias [dim] unless the norm has no parameters. grad_y may be grad_x.
template <class T>
inline void norm_rows_backward(const T* x,
                               std::int64_t rows,
                               std::int64_t dim,
                               const NormView<T>& norm,
                               const T* grad_y,
                               const T* residual,
                               T* grad_x,
                               T* grad_weight,
                               T* grad_bias) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* row = x + i * dim;
    const T* grad = grad_y + i * dim;
    T mean;
    T inverse;
    row_moments(row, dim, mean, inverse);
    T grad_sum = 0;
    T grad_dot = 0;
    if (norm.weight == nullptr) {
#pragma omp simd reduction(+ : grad_sum, grad_dot)
      for (std::int64_t j = 0; j < dim; ++j) {
        grad_sum += grad[j];
        grad_dot += grad[j] * (row[j] - mean);
      }
    } else {
#pragma omp simd reduction(+ : grad_sum, grad_dot)
      for (std::int64_t j = 0; j < dim; ++j) {
        const T weighted = grad[j] * norm.weight[j];
        grad_sum += weighted;
        grad_dot += weighted * (row[j] - mean);
      }
#pragma omp simd
      for (std::int64_t j = 0; j < dim; ++j) {
        grad_weight[j] += grad[j] * (row[j] - mean) * inverse;
        grad_bias[j] += grad[j];
      }
    }
    const T mean_grad = grad_sum / static_cast<T>(dim);
    const T mean_dot = grad_dot * inverse * inverse / static_cast<T>(dim);
    T* out = grad_x + i * dim;
    const T* added = residual == nullptr ? nullptr : residual + i * dim;
    for (std::int64_t j = 0; j < dim; ++j) {
      const T weighted = norm.weight == nullptr ? grad[j] : grad[j] * norm.weight[j];
      const T value = inverse * (weighted - mean_grad - (row[j] - mean) * mean_dot);
      out[j] = added == nullptr ? value : value + added[j];
    }
  }
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
