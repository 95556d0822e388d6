// The input of the trunk, fused.
#pragma once

#include "autograd/ops/layer_norm.h"
#include "autograd/variable.h"
#include "tensor/dropout.h"

namespace elastic::ops {

/// dropout( norm( item_table[ids] + position_table[positions] ) ).
///
/// item_table [V+1, D], position_table [N, D] or undefined, ids and positions [T] int32 -> [T, D].
/// Gradient: backward recomputes the sum from the ids; row 0 of the item table ("no item") receives
/// none. Throws ShapeError when the shapes do not fit.
Variable input_embedding(const Variable& item_table,
                         const Variable& position_table,
                         const Tensor& ids,
                         const Tensor& positions,
                         const NormVariables& norm,
                         const Dropout& dropout);

}  // namespace elastic::ops
