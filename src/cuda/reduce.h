// Sums over rows in a fixed order.
#pragma once

#include "cuda/runtime.h"
#include "tensor/norm.h"

namespace elastic::cuda {

/// out [size] = sum over i < count of partials[i, :]; partials [count, size].
template <class T>
void sum_rows(const char* op, const T* partials, std::int64_t count, std::int64_t size, T* out);

/// The same of norm gradients, partials [count, 2 dim], weight then bias; does nothing for a norm
/// without parameters.
template <class T>
void write_norm_gradient(
    const char* op, const T* partials, std::int64_t count, std::int64_t dim, NormGrad& grad);

}  // namespace elastic::cuda
