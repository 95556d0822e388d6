// Mean losses of rows against the items of a catalogue, whose kernels compute loss and gradients at
// once.
#pragma once

#include <functional>

#include "autograd/variable.h"

namespace elastic::ops {

/// Throws ShapeError, naming `op`, unless hidden is [R >= 1, D], table [N >= 2, D] and targets [R].
void check_catalogue(const char* op,
                     const Variable& hidden,
                     const Variable& table,
                     const Tensor& targets);

/// Writes a loss, and the gradients by hidden and table unless both are null.
using CatalogueKernel = std::function<void(Tensor& loss, Tensor* grad_hidden, Tensor* grad_table)>;

/// The loss [] that `compute` writes, with its gradients where they are recorded: backward scales
/// them.
Variable catalogue_loss(const Variable& hidden,
                        const Variable& table,
                        const CatalogueKernel& compute);

}  // namespace elastic::ops
