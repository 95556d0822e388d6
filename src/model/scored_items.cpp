#include "model/scored_items.h"

#include "autograd/ops/layer_norm.h"
#include "base/error.h"

namespace elastic {

Variable ScoredItems::of(const Variable& items) {
  if (kind_ == LogitKind::kDot) {
    return items;
  }
  if (!fixed_) {
    return ops::layer_norm(items, {});
  }
  ELASTIC_CHECK(!records({items}), "a pass with fixed weights would be differentiated");
  if (!cached_.defined()) {
    cached_ = ops::layer_norm(items, {});
  }
  ELASTIC_CHECK(cached_.shape() == items.shape(), "a pass with fixed weights needs all items");
  return cached_;
}

void ScoredItems::set_weights_fixed(bool fixed) {
  fixed_ = fixed;
  cached_ = {};
}

}  // namespace elastic
