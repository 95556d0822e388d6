// Mean losses of rows over catalogue items. Their kernels compute loss and gradients in one pass.
#pragma once

#include <functional>

#include "autograd/variable.h"
#include "tensor/row_lists.h"

namespace elastic::ops {

/// Throws ShapeError, naming `op`, unless hidden is [R >= 1, D], table [N >= 2, D] and targets [R].
void check_catalogue(const char* op,
                     const Variable& hidden,
                     const Variable& table,
                     const Tensor& targets);

/// Throws ShapeError, naming `op`, unless `excluded` is undefined or has a list for each row.
void check_excluded(const char* op, const RowLists& excluded, std::int64_t rows);

/// Writes the loss, and the gradients of hidden and table unless both are null.
using CatalogueKernel = std::function<void(Tensor& loss, Tensor* grad_hidden, Tensor* grad_table)>;

/// Returns the loss [] that `compute` writes. If it is recorded, the gradients are computed at once
/// too, and backward scales them.
Variable catalogue_loss(const Variable& hidden,
                        const Variable& table,
                        const CatalogueKernel& compute);

}  // namespace elastic::ops
