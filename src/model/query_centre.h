// Subtracts the common part of all retrieval queries.
#pragma once

#include <string>

#include "model/parameter.h"

namespace elastic {

/// A running mean of the training queries. Centred queries point in different directions, so that
/// no sub-key suits all users; otherwise product-key retrieval collapses (Lample et al. 2019
/// prevent this by batch norm of the queries). Here a query depends on its own sequence and on the
/// mean, which is saved with the model, updated after each training pass and frozen at evaluation.
/// Buffer `name` [1, X], initially zero.
class QueryCentre {
 public:
  QueryCentre() = default;
  QueryCentre(ParameterStore& store, const std::string& name, std::int64_t width);

  /// queries [B, X] -> queries - mean [B, X], without a gradient of the mean; unchanged without a
  /// name. Training then updates the mean: mean <- 0.99 mean + 0.01 mean over B.
  [[nodiscard]] Variable subtract(const Variable& queries, bool training) const;

 private:
  Variable mean_;
};

}  // namespace elastic
