// Adam and AdamW for a model's parameters, with a guard against gradients that are not finite.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/parameter.h"
#include "tensor/adam_options.h"
#include "tensor/backend.h"
#include "tensor/safetensors.h"
#include "train/train_config.h"

namespace elastic::train {

/// The gradient of some rows of a parameter; the other rows have none.
struct RowGradient {
  Variable parameter;  ///< [N, D]
  Tensor rows;         ///< [R] int32, distinct
  Tensor grad;         ///< [R, D]
};

/// Adam (Kingma & Ba 2015) with bias correction; adamw decays weights separately from the gradient
/// (Loshchilov & Hutter 2019). All parameters have the same settings.
class Optimizer {
 public:
  /// Optimises the trained parameters that exist now; buffers are left alone.
  Optimizer(const ParameterStore& parameters, const TrainConfig& config);

  /// Updates the parameters in place with the gradients of the last backward (zero if a parameter
  /// has none), and clears them. `loss` is a scalar []. Once a loss or gradient is not finite, no
  /// step changes anything. `require_finite` reports that, so a step does not wait for the device.
  void step(const Tensor& loss, double learning_rate);
  /// The same with the gradient of one parameter given by rows ("lazy Adam"). Other rows and their
  /// moments do not change, whereas a zero gradient would decay the moments and still move the
  /// rows. The gradient norm includes the given rows; bias corrections count all steps.
  void step(const Tensor& loss, double learning_rate, const RowGradient& rows);

  /// Calls `watch` before each update changes parameters and moments: those of the given rows of
  /// one parameter, or with null of none, and all others.
  void before_update(std::function<void(const RowGradient* rows)> watch) {
    watch_ = std::move(watch);
  }

  /// Counts a step whose kernels are replayed, and returns the options they compute with.
  const AdamOptions& next_step(double learning_rate);
  /// The options of the latest step.
  [[nodiscard]] const AdamOptions& options() const { return options_; }

  /// Reads the guard from the device. Throws NotANumberError naming the step and the parameter.
  void require_finite() const;

  [[nodiscard]] std::int64_t num_steps() const { return num_steps_; }
  [[nodiscard]] std::int64_t earlier_steps() const { return earlier_steps_; }

  /// Moments as `adam.first.NAME` and `adam.second.NAME`, sharing the optimizer's memory.
  [[nodiscard]] std::vector<NamedTensor> state() const;
  /// Copies the moments back. `earlier_steps` of another training are part of them; bias
  /// corrections count these steps too. Throws CheckpointError if a moment is missing or has
  /// another shape or type.
  void load(const Safetensors& state, std::int64_t num_steps, std::int64_t earlier_steps = 0);

 private:
  // `rows` may be null.
  void update(const Tensor& loss, double learning_rate, const RowGradient* rows);

  std::vector<Parameter> parameters_;  ///< the trained ones
  AdamOptions options_;
  std::int64_t num_steps_ = 0;
  std::int64_t earlier_steps_ = 0;  ///< of the training that the first moments came from
  std::vector<Tensor> first_moments_;
  std::vector<Tensor> second_moments_;
  std::function<void(const RowGradient*)> watch_;
  Tensor health_;  ///< as in Backend::check_gradients
};

/// Whether `tensor` is the name of a moment of `parameter` in Optimizer::state.
bool is_moment_of(const std::string& tensor, const std::string& parameter);

}  // namespace elastic::train
