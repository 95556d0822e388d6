// Positions grouped by table row, so that a scatter-add sums each row in a fixed order.
#pragma once

#include <cstdint>

#include "tensor/cpu/parallel.h"

namespace elastic::cpu {

/// Counting sort of `rows[0..count-1]`, each in 0..num_rows-1; equal rows keep their order.
class SortedRows {
 public:
  SortedRows(const std::int32_t* rows, std::int64_t count, std::int64_t num_rows);

  /// table[r] += sum of values[i] over the positions i of row r, for r >= first_row.
  template <class T>
  void add_to(const T* values, std::int64_t dim, std::int64_t first_row, T* table) const {
    add_to(values, dim, first_row, table, dim);
  }
  /// The same sums, into table rows that are `stride` apart.
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

  /// Adds to table[r] the values of the positions i of row r, where add(i, sum) adds one to `sum`
  /// [dim]; no values are stored. Threads share rows with many positions: they sum pieces of the
  /// sorted positions, whose bounds depend on their number only, and the pieces are added in order.
  template <class T, class Add>
  void add_by(std::int64_t dim, T* table, const Add& add) const {
    constexpr std::int64_t kPiece = 256;
    const auto* begin = begin_.data<std::int32_t>();
    const auto* order = order_.data<std::int32_t>();
    const Tiles pieces{order_.numel(), kPiece};
    // A piece's sums of a row that continues from the piece before, and of a row that continues in
    // the next.
    const Tensor parts = workspace<T>(2 * pieces.count() * dim);
    const auto rows_of = [&](std::int64_t piece, const auto& body) {
      const auto* next = std::upper_bound(begin, begin + num_rows_ + 1, pieces.begin(piece));
      for (std::int64_t r = next - begin - 1; r < num_rows_ && begin[r] < pieces.end(piece); ++r) {
        if (begin[r] == begin[r + 1]) {
          continue;
        }
        const bool before = begin[r] < pieces.begin(piece);
        const bool after = begin[r + 1] > pieces.end(piece);
        T* part = parts.data<T>() + (2 * piece + (before ? 0 : 1)) * dim;
        body(r, before || after ? part : table + r * dim, before || after);
      }
    };
    parallel_for(pieces.count(), product_work(order_.numel(), 2 * dim), [&](std::int64_t piece) {
      rows_of(piece, [&](std::int64_t r, T* sum, bool in_parts) {
        if (in_parts) {
          std::fill(sum, sum + dim, T(0));
        }
        const auto first = std::max<std::int64_t>(begin[r], pieces.begin(piece));
        const auto last = std::min<std::int64_t>(begin[r + 1], pieces.end(piece));
        for (std::int64_t i = first; i < last; ++i) {
          add(order[i], sum);
        }
      });
    });
    for (std::int64_t piece = 0; piece < pieces.count(); ++piece) {
      rows_of(piece, [&](std::int64_t r, const T* sum, bool in_parts) {
        for (std::int64_t j = 0; in_parts && j < dim; ++j) {
          table[r * dim + j] += sum[j];
        }
      });
    }
  }

 private:
  std::int64_t num_rows_;
  Tensor begin_;  ///< [num_rows + 1]
  Tensor order_;  ///< [count]
};

}  // namespace elastic::cpu
