#include "model/feed_forward.h"

#include <algorithm>

#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/swiglu.h"

namespace elastic {
namespace {

// As many weights as two matrices of hidden size F.
std::int64_t swiglu_size(std::int64_t ffn_dim) {
  return std::max<std::int64_t>(1, 2 * ffn_dim / 3);
}

}  // namespace

FeedForward::FeedForward(ParameterStore& store,
                         const std::string& prefix,
                         const ModelConfig& config)
    : kind_(config.block.ffn),
      gelu_(kind_ == FfnKind::kGelu
                ? make_ffn(store, prefix + ".ffn_norm", prefix + ".ffn", config.dim, config.ffn_dim)
                : ops::FfnVariables{}),
      swiglu_(),
      gate_(store, prefix + ".ffn_gate", config) {
  if (kind_ == FfnKind::kSwiglu) {
    const std::int64_t hidden = swiglu_size(config.ffn_dim);
    swiglu_.norm = make_norm(store, prefix + ".ffn_norm", config.dim);
    swiglu_.gate = make_weight(store, prefix + ".ffn.gate", hidden, config.dim);
    swiglu_.up = make_weight(store, prefix + ".ffn.up", hidden, config.dim);
    swiglu_.down = make_weight(store, prefix + ".ffn.down", config.dim, hidden);
  }
}

Variable FeedForward::apply(const Swiglu& weights, const Variable& x, const Dropout& dropout) {
  const Variable z = ops::layer_norm(x, weights.norm);
  const Variable hidden = ops::swiglu(ops::linear(z, weights.gate), ops::linear(z, weights.up));
  return ops::add(x, ops::dropout(ops::linear(hidden, weights.down), dropout));
}

Variable FeedForward::apply(const Variable& x, const Dropout& dropout) const {
  return gate_.close(
      x, kind_ == FfnKind::kGelu ? ops::ffn(x, gelu_, dropout) : apply(swiglu_, x, dropout));
}

}  // namespace elastic
