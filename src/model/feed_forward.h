// The feed-forward sublayer of a layer.
#pragma once

#include <string>

#include "autograd/variable.h"
#include "model/layers.h"
#include "model/model_config.h"
#include "model/residual_gate.h"
#include "tensor/dropout.h"

namespace elastic {

/// x + Dropout(FFN(LN(x))), the residual gated by `block`. FFN by `ffn`:
///   gelu    down( GELU( up(z) ) ), hidden size F PREFIX.ffn.{up,down}.{weight,bias} swiglu  down(
///   SiLU( gate(z) ) up(z) ), hidden size 2 F / 3   PREFIX.ffn.{gate,up,down}.weight
/// Further parameters PREFIX.ffn_norm.* and, if gated, PREFIX.ffn_gate.*.
class FeedForward {
 public:
  FeedForward(ParameterStore& store, const std::string& prefix, const ModelConfig& config);

  /// x [T, D] -> [T, D].
  [[nodiscard]] Variable apply(const Variable& x, const Dropout& dropout) const;

 private:
  struct Swiglu {
    ops::NormVariables norm;
    Variable gate;
    Variable up;
    Variable down;
  };
  [[nodiscard]] static Variable apply(const Swiglu& weights,
                                      const Variable& x,
                                      const Dropout& dropout);

  FfnKind kind_;
  ops::FfnVariables gelu_;  ///< by kind_, this or the next
  Swiglu swiglu_;
  ResidualGate gate_;
};

}  // namespace elastic
