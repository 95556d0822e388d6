// Positions grouped by the table row they name, so that a scatter-add sums each row in a fixed
// order.
#pragma once

#include <cstdint>

#include "tensor/cpu/parallel.h"

namespace elastic::cpu {

/// Counting sort of `rows[0..count-1]`, each in 0..num_rows-1; equal rows keep their order.
class SortedRows {
 public:
  SortedRows(const std::int32_t* rows, std::int64_t count, std::int64_t num_rows);

  /// table[r] += sum of values[i] over the positions i that name row r, for r >= first_row.
  template <class T>
  void add_to(const T* values, std::int64_t dim, std::int64_t first_row, T* table) const {
    add_to(values, dim, first_row, table, dim);
  }
  /// The same into rows of the table that stand `stride` apart.
  template <class T>
  void add_to(const T* values,
              std::int64_t dim,
              std::int64_t first_row,
              T* table,
              std::int64_t stride) const {
    constexpr std::int64_t kRowsPerTask = 64;
    const auto* begin = begin_.data<std::int32_t>();
    const auto* order = order_.data<std::int32_t>();
    const Tiles tiles{num_rows_, kRowsPerTask};
    parallel_for(tiles.count(),
                 product_work(order_.numel(), dim) + product_work(num_rows_),
                 [&](std::int64_t t) {
                   for (std::int64_t r = std::max(first_row, tiles.begin(t)); r < tiles.end(t);
                        ++r) {
                     T* row = table + r * stride;
                     for (std::int32_t i = begin[r]; i < begin[r + 1]; ++i) {
                       const T* value = values + order[i] * dim;
                       for (std::int64_t j = 0; j < dim; ++j) {
                         row[j] += value[j];
                       }
                     }
                   }
                 });
  }

 private:
  std::int64_t num_rows_;
  Tensor begin_;  ///< [num_rows + 1]
  Tensor order_;  ///< [count]
};

}  // namespace elastic::cpu
