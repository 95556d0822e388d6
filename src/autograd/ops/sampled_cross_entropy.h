// Loss heads over a sample of the items; their cost does not grow with the catalogue.
#pragma once

#include "autograd/variable.h"
#include "tensor/sampled_items.h"

namespace elastic::ops {

/// The mean over rows r of the loss of the target t(r) against S_r, the sampled items that r does
/// not ignore, each as often as it was drawn. With c_v = hidden_r . table_v - log_count_v:
///
///   kSoftmax  log( e^{c_t} + sum over S_r of e^{c_v} ) - c_t
///   kBinary   ( beta softplus(-c_t) + w sum over S_r of softplus(c_v) ) / (1 + w |S_r|),
///             beta = target_power: the target's probability sigmoid(c_t) raised to beta,
///             w = negative_weight
///
/// and 0, without gradient, if S_r is empty.
///
/// hidden [R, D], table [N, D] (row 0, "no item", takes no part), targets [R] int32 in 1..N-1 ->
/// scalar. The [R, m] scores never exist at once; the forward pass computes the gradients. Throws
/// ShapeError when the shapes do not fit or there is no row or sampled item.
Variable sampled_cross_entropy(const Variable& hidden,
                               const Variable& table,
                               const Tensor& targets,
                               const SampledItems& sampled,
                               const SampledLoss& kind);

}  // namespace elastic::ops
