#include "eval/finite_states.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace elastic::eval {

void require_finite_states(const Tensor& states) {
  const std::vector<float> values = states.to_vector<float>();
  if (!std::all_of(
          values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    throw NotANumberError(
        "the model's states are not finite, so its scores have no order: its "
        "training diverged, or its weights are too large for float32");
  }
}

}  // namespace elastic::eval
