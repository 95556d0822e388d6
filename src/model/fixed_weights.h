// A scope in which a model's weights do not change: evaluation and serving.
#pragma once

#include "autograd/variable.h"
#include "model/abilities.h"
#include "model/model.h"

namespace elastic {

/// During its lifetime, a model's weights must not change and passes record nothing (NoGrad). LISA
/// then quantises its items once, not per batch. At most one per model at a time, on one thread.
class FixedWeights {
 public:
  explicit FixedWeights(Model& model) : cache_(model.weight_cache()) { set(true); }
  ~FixedWeights() { set(false); }
  FixedWeights(const FixedWeights&) = delete;
  FixedWeights& operator=(const FixedWeights&) = delete;

 private:
  void set(bool fixed) {
    if (cache_ != nullptr) {
      cache_->set_weights_fixed(fixed);
    }
  }

  NoGrad no_grad_;
  WeightCache* cache_;  // null: the model caches nothing
};

}  // namespace elastic
