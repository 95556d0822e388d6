// Picking rows.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// out[i] = table[rows[i]]. table [N, D], rows [R] int32 in 0..N-1 -> [R, D].
/// Gradient: equal rows add up, in the order of i.
Variable gather_rows(const Variable& table, const Tensor& rows);

/// out[rows[i]] += x[i] from zeros, equal rows in the order of i. x [R, D], rows [R] int32 in
/// 0..count-1 -> [count, D]. Gradient: the rows gathered.
Variable scatter_add_rows(const Variable& x, const Tensor& rows, std::int64_t count);

/// `count` copies of x [k, D], one after the other: [count, k, D]. Gradient: the copies' sum.
Variable repeat(const Variable& x, std::int64_t count);

/// Rows 0..count-1 of a matrix, copied.
Variable first_rows(const Variable& x, std::int64_t count);

}  // namespace elastic::ops
