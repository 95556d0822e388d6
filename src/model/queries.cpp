#include "model/queries.h"

#include "autograd/ops/rows.h"

namespace elastic {

Variable Queries::of(const Variable& x) const {
  return last_only() ? ops::gather_rows(x, last_) : x;
}

Segments Queries::segments() const {
  return last_only() ? Segments::uniform(tokens_.size(), 1, tokens_.device()) : tokens_;
}

}  // namespace elastic
