#include "model/residual_gate.h"

#include "autograd/ops/gated_residual.h"
#include "autograd/ops/linear.h"

namespace elastic {

ResidualGate::ResidualGate(ParameterStore& store,
                           const std::string& name,
                           const ModelConfig& config) {
  if (config.block.kind == BlockKind::kGated) {
    gate_ = make_linear(store, name, config.dim, config.dim);
  }
}

Variable ResidualGate::close(const Variable& x, const Variable& y) const {
  return gate_.has_value() ? ops::gated_residual(x, y, ops::linear(x, gate_->weight, gate_->bias))
                           : y;
}

Variable ResidualGate::close(const Variable& x, const Queries& queries, const Variable& y) const {
  return gate_.has_value() ? close(queries.of(x), y) : y;
}

}  // namespace elastic
