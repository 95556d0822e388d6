// Inputs of the benchmarks.
#pragma once

#include <vector>

#include "base/random.h"
#include "tensor/tensor.h"

namespace elastic::bench {

/// Normal values, the same at every run.
inline Tensor random_tensor(const Shape& shape) {
  RandomStream random(1, RandomPurpose::kInit, 0);
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return Tensor::from(values, shape);
}

}  // namespace elastic::bench
