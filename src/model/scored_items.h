// The rows that states are scored against.
#pragma once

#include "autograd/variable.h"
#include "model/model_choices.h"

namespace elastic {

/// With logits dot the item embeddings themselves, with cosine their layer norm without parameters;
/// the row of no item stays zero. The scale of cosine logits is the final norm's weight.
class ScoredItems {
 public:
  explicit ScoredItems(LogitKind kind) : kind_(kind) {}

  /// The rows of `items` [N, D] as they are scored. While weights are fixed, cosine computes them
  /// in the first call only, so `items` must then be the same in every call.
  Variable of(const Variable& items);
  /// Whether fixed weights save anything.
  [[nodiscard]] bool caches() const { return kind_ == LogitKind::kCosine; }
  /// As WeightCache.
  void set_weights_fixed(bool fixed);

 private:
  LogitKind kind_;
  bool fixed_ = false;
  Variable cached_;  ///< while weights are fixed; undefined before the first call
};

}  // namespace elastic
