// The loss head: softmax cross-entropy over the catalogue without stored logits.
#pragma once

#include "autograd/variable.h"
#include "tensor/row_lists.h"

namespace elastic::ops {

/// The mean over rows r of  log sum over C_r of exp(hidden_r . table_v) - hidden_r .
/// table_target(r), with C_r the items 1..V without the items that `excluded` lists for r. The
/// target always remains in C_r; listing an item twice changes nothing.
///
/// hidden [R, D], table [V+1, D] (row 0, "no item", takes no part), targets [R] int32 in 1..V ->
/// scalar. The [R, V] logits never exist; the forward pass computes the gradients: with p the
/// probabilities (0 outside C_r), dhidden_r = (sum_v p_v table_v - table_target) / R, and dtable_v
/// = sum_r (p_v - [v = target(r)]) hidden_r / R. Throws ShapeError when the shapes do not fit or
/// there is no row.
Variable linear_cross_entropy(const Variable& hidden,
                              const Variable& table,
                              const Tensor& targets,
                              const RowLists& excluded = {});

}  // namespace elastic::ops
