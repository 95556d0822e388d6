// Gathering, scattering and repeating rows.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// out[i] = table[rows[i]]. table [N, D], rows [R] int32 in 0..N-1 -> [R, D]. Gradient: sums over
/// equal rows, in the order of i.
Variable gather_rows(const Variable& table, const Tensor& rows);

/// out[rows[i]] += x[i] from zeros, equal rows in the order of i. x [R, D], rows [R] int32 in
/// 0..count-1 -> [count, D]. Gradient: the rows gathered.
Variable scatter_add_rows(const Variable& x, const Tensor& rows, std::int64_t count);

/// gather_rows of every row once: out[i] = x[order[i]], order[inverse[i]] = i. x [N, D]; order,
/// inverse [N] int32, permutations of 0..N-1 -> [N, D]. Gradient: g in the original order,
/// g[inverse[i]]; needs no sums and no sorting.
Variable permute_rows(const Variable& x, const Tensor& order, const Tensor& inverse);

/// out[r] = the mean of the x[i] with rows[i] = r; zero if there is none. x [R, D], rows [R] int32
/// in 0..num_rows-1 -> [num_rows, D]. Gradient: g[rows[i]] / (the number of i with that row).
Variable scatter_mean_rows(const Variable& x, const Tensor& rows, std::int64_t num_rows);

/// `count` copies of x [k, D], one after the other: [count, k, D]. Gradient: the copies' sum.
Variable repeat(const Variable& x, std::int64_t count);

/// Rows 0..count-1 of a matrix, copied.
Variable first_rows(const Variable& x, std::int64_t count);

}  // namespace elastic::ops
