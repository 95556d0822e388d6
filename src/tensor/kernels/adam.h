// Adam steps, and the check that gradients are finite.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/adam_options.h"
#include "tensor/kernel.h"

namespace elastic::kernels {

/// Writes `health`, float64 [3] = {gradient norm, first bad step, first bad parameter}. The norm is
/// that of all gradients together. If it or `loss` is not finite and no bad step is recorded yet
/// (0), records `step` and the index of the first gradient that is not finite (-1 if only the loss
/// is bad).
struct CheckGradients {
  static constexpr const char* kName = "check_gradients";
  const std::vector<Tensor>& grads;
  const Tensor& loss;
  std::int64_t step;
  Tensor& health;
  ELASTIC_OPERANDS(grads, loss, health);
  double flops() const { return 0.0; }
};

/// One Adam step of all parameters: updates them and their moments in place, or nothing once
/// `health` records a bad step. Gradients are first scaled by min(1, clip_norm / norm).
struct AdamStep {
  static constexpr const char* kName = "adam_step";
  const std::vector<Tensor>& params;
  const std::vector<Tensor>& grads;
  const std::vector<Tensor>& first_moments;
  const std::vector<Tensor>& second_moments;
  const AdamOptions& options;
  const Tensor& health;
  ELASTIC_OPERANDS(params, grads, first_moments, second_moments, health);
  double flops() const { return 0.0; }
};

/// One Adam step of some rows of one parameter: rows [R] int32, each at most once, grad [R, D].
/// Other rows and their moments are unchanged.
struct AdamStepRows {
  static constexpr const char* kName = "adam_step_rows";
  const Tensor& param;
  const Tensor& rows;
  const Tensor& grad;
  const Tensor& first_moment;
  const Tensor& second_moment;
  const AdamOptions& options;
  const Tensor& health;
  ELASTIC_OPERANDS(SomeRows{param, num_entries(rows)},
                   rows,
                   grad,
                   SomeRows{first_moment, num_entries(rows)},
                   SomeRows{second_moment, num_entries(rows)},
                   health);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels
