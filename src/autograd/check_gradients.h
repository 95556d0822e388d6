// Checks gradients against central differences, in float64.
#pragma once

#include <functional>
#include <vector>

#include "autograd/variable.h"

namespace elastic {

/// A function of some inputs with a scalar result.
using ScalarFunction = std::function<Variable(const std::vector<Variable>& inputs)>;

/// Compares backward's gradients of `function` at `inputs` (float64, on any device) with central
/// differences, eps 1e-5, and throws Error naming input, element and both values when they differ
/// by more than `tolerance` times the largest entry of the gradient (absolute floor 1e-9). Checks
/// every `stride`-th element of each input. `function` is called many times; it must be
/// deterministic and must not write its inputs.
void check_gradients(const ScalarFunction& function,
                     const std::vector<Tensor>& inputs,
                     double tolerance = 1e-6,
                     std::size_t stride = 1);

/// The loss of gradient checks: sum_i w_i x_i with fixed weights, which no structure of x cancels.
/// w = random_f64(x.shape(), 7), on the device and in the type of x.
Variable weighted_sum(const Variable& x);

/// Normal numbers, a function of shape and seed.
Tensor random_f64(const Shape& shape, std::uint64_t seed, Device device, double scale = 1.0);

}  // namespace elastic
