// Small loops over the rows of a tile.
#pragma once

#include <algorithm>
#include <cstdint>

namespace elastic::cpu {

/// Every row of out [rows, dim] = row.
template <class T>
void fill_rows(const T* row, std::int64_t rows, std::int64_t dim, T* out) {
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy(row, row + dim, out + i * dim);
  }
}

template <class T>
void fill_zero(T* out, std::int64_t count) {
  std::fill(out, out + count, T(0));
}

/// sum [dim] += the rows of x [rows, dim].
template <class T>
void add_row_sum(const T* x, std::int64_t rows, std::int64_t dim, T* sum) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < dim; ++j) {
      sum[j] += x[i * dim + j];
    }
  }
}

/// out [cols, rows] = transpose of x [rows, cols].
template <class T>
void transpose(const T* x, std::int64_t rows, std::int64_t cols, T* out) {
  for (std::int64_t j = 0; j < cols; ++j) {
    for (std::int64_t i = 0; i < rows; ++i) {
      out[j * rows + i] = x[i * cols + j];
    }
  }
}

}  // namespace elastic::cpu
