// Lists of ids, one for each row of a kernel's operands.
#pragma once

#include <cstdint>

#include "tensor/operands.h"
#include "tensor/tensor.h"

namespace elastic {

/// Slices of one array: row r has ids[begins[r]] to ids[begins[r] + counts[r] - 1]. Rows may share
/// ids, so that the prefixes of one sequence cost 8 bytes a row. All undefined: no row has any.
struct RowLists {
  Tensor ids;        ///< [E] int32
  Tensor begins;     ///< [R] int32
  Tensor counts;     ///< [R] int32
  double total = 0;  ///< the sum of `counts`, for the bytes that a kernel reads

  [[nodiscard]] bool defined() const { return counts.defined(); }
  ELASTIC_OPERANDS(SomeRows{ids, total}, begins, counts);
};

}  // namespace elastic
