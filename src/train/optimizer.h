// Adam and AdamW over a model's parameters, with a guard against gradients that are not finite.
#pragma once

#include <cstdint>
#include <vector>

#include "model/parameter.h"
#include "tensor/adam_options.h"
#include "tensor/backend.h"
#include "tensor/safetensors.h"
#include "train/train_config.h"

namespace elastic::train {

/// The gradient of a parameter by some of its rows; all others have none.
struct RowGradient {
  Variable parameter;  ///< [N, D]
  Tensor rows;         ///< [R] int32, each at most once
  Tensor grad;         ///< [R, D]
};

/// Adam (Kingma & Ba 2015) with bias correction; adamw decays weights apart from the gradient
/// (Loshchilov & Hutter 2019). All parameters alike.
class Optimizer {
 public:
  /// Works on the trained parameters that there are now, and leaves buffers alone.
  Optimizer(const ParameterStore& parameters, const TrainConfig& config);

  /// One step with the gradients that backward left (a parameter without one counts as zero), which
  /// are then cleared. From the first loss or gradient on that is not finite no step changes
  /// anything; the host learns of it from `require_finite`, so that a step waits for no device.
  void step(const Tensor& loss, double learning_rate);
  /// The same where one parameter's gradient is given by rows ("lazy Adam"): the norm is taken over
  /// them; other rows and their moments stay as they are, where a step with zeros would let the
  /// moments fade, move the row by what they still hold, and decay it. Corrections of bias count
  /// all steps.
  void step(const Tensor& loss, double learning_rate, const RowGradient& rows);

  /// Counts a step whose kernels are recorded, and what they then compute with.
  const AdamOptions& next_step(double learning_rate);
  /// Of the latest step.
  [[nodiscard]] const AdamOptions& options() const { return options_; }

  /// Reads the guard. Throws NotANumberError naming the step and the parameter.
  void require_finite() const;

  [[nodiscard]] std::int64_t num_steps() const { return num_steps_; }

  /// Moments under `adam.first.NAME` and `adam.second.NAME`, sharing the optimizer's elements.
  [[nodiscard]] std::vector<NamedTensor> state() const;
  /// Copies them back. Throws CheckpointError when one is missing or does not fit.
  void load(const Safetensors& state, std::int64_t num_steps);

 private:
  // `rows` may be null.
  void update(const Tensor& loss, double learning_rate, const RowGradient* rows);

  std::vector<Parameter> parameters_;  ///< the trained ones
  AdamOptions options_;
  std::int64_t num_steps_ = 0;
  std::vector<Tensor> first_moments_;
  std::vector<Tensor> second_moments_;
  Tensor health_;  ///< as in Backend::check_gradients
};

}  // namespace elastic::train
