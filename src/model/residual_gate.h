// The residual connection of a sublayer, with a learned gate or plain.
#pragma once

#include <optional>
#include <string>

#include "autograd/variable.h"
#include "model/layers.h"
#include "model/model_config.h"
#include "model/queries.h"

namespace elastic {

/// With block plain, a sublayer's result y = x + f(x) stays as it is; with gated it becomes
/// x + sigmoid(x W^T + b) f(x). Parameters NAME.{weight [D, D], bias [D]} if gated.
class ResidualGate {
 public:
  ResidualGate(ParameterStore& store, const std::string& name, const ModelConfig& config);

  /// x and y [T, D].
  [[nodiscard]] Variable close(const Variable& x, const Variable& y) const;
  /// The same for the tokens that are queried: x [T, D], y [Q, D].
  [[nodiscard]] Variable close(const Variable& x, const Queries& queries, const Variable& y) const;

 private:
  std::optional<Linear> gate_;  ///< empty: plain
};

}  // namespace elastic
