// Spreads the choice of experts over the pool without a gradient.
#pragma once

#include <string>

#include "model/model_config.h"
#include "model/parameter.h"

namespace elastic {

/// Biases of the sub-keys that count in the choice of experts only (Wang et al. 2024,
/// arXiv 2408.15664): a sub-key that a batch chose more often than the mean of its half loses
/// `expert_balance`, one chosen less often gains it. The gates use the scores without biases, so
/// the task's gradients do not change. Buffer `name` [M, 2, S], initially zero, saved with the
/// model and fixed at evaluation.
class SubkeyBalance {
 public:
  SubkeyBalance() = default;
  SubkeyBalance(ParameterStore& store, const std::string& name, const RetrievalOptions& options);

  /// [M, 2, S]; undefined without a name.
  [[nodiscard]] Tensor bias() const { return bias_.defined() ? bias_.value() : Tensor(); }
  /// Adapts the biases to the experts `chosen` [B, k] by a training batch, on the host; does
  /// nothing without a name.
  void update(const Tensor& chosen) const;

 private:
  Variable bias_;
  double step_ = 0.0;
};

}  // namespace elastic
