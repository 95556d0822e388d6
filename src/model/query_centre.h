// What all retrieval queries have in common, taken out of each.
#pragma once

#include <string>

#include "model/parameter.h"

namespace elastic {

/// A running mean of the queries that training has seen. Queries without it point away from each
/// other, so that no sub-key can suit everybody, which is how product-key retrieval collapses
/// (Lample et al. 2019 normalise queries over the batch against it). Here a query depends on its
/// own sequence and on the mean, which is saved with the model and frozen at evaluation, as a pass
/// of training leaves it to the next. Buffer `name` [1, X], zero at first.
class QueryCentre {
 public:
  QueryCentre() = default;
  QueryCentre(ParameterStore& store, const std::string& name, std::int64_t width);

  /// queries [B, X] -> queries - mean [B, X], without a gradient of the mean; as they are where no
  /// name was given. In training the mean moves afterwards: mean <- 0.99 mean + 0.01 mean over B.
  [[nodiscard]] Variable subtract(const Variable& queries, bool training) const;

 private:
  Variable mean_;
};

}  // namespace elastic
