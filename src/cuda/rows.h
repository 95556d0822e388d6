// Gradients of a table's rows, summed in a fixed order for any number of uses of a row.
#pragma once

#include "cuda/runtime.h"

namespace elastic::cuda {

/// Entries sorted by the rows that they name, those of a row in their order. The numbers live as
/// long as `storage`.
struct SortedRows {
  Tensor storage;
  const std::int32_t* order = nullptr;  ///< entries
  const std::int32_t* rows = nullptr;   ///< of the entries in this order
  std::int64_t count = 0;
};

/// rows [count] int32 on the device, in 0..num_rows-1.
SortedRows sort_rows(const char* op,
                     const std::int32_t* rows,
                     std::int64_t count,
                     std::int64_t num_rows);

/// Adds rows of `source` [count, dim] into rows of a table: table[rows[i]] += source[i], equal rows
/// in the order of i, in pieces whose bounds depend on i alone. Targets below `first_row` are left
/// out. rows int32 on the device, in 0..num_rows-1.
template <class T>
void scatter_add(const char* op,
                 const T* source,
                 const std::int32_t* rows,
                 std::int64_t count,
                 std::int64_t dim,
                 std::int64_t num_rows,
                 std::int32_t first_row,
                 T* table);

}  // namespace elastic::cuda
