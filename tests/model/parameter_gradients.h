// Gradients of a model's parameters, against central differences.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "model/model.h"
#include "tensor/tensor_values.h"

namespace elastic {

/// Checks some elements of every parameter of a float64 model; `loss` is a scalar, the same at
/// equal weights. Unread parameters are left out.
inline void check_parameter_gradients(const Model& model, const std::function<Variable()>& loss) {
  const Threads one(1);
  backward(loss());
  const NoGrad no_grad;
  for (const Parameter& parameter : model.parameters().trained()) {
    if (parameter.unread) {
      continue;
    }
    CAPTURE(parameter.name);
    REQUIRE(parameter.variable.grad().defined());
    const std::vector<double> grad = to_doubles(parameter.variable.grad());
    Tensor& value = parameter.variable.mutable_value();
    const std::vector<double> before = to_doubles(value);
    double largest = 0.0;
    for (const double g : grad) {
      largest = std::max(largest, std::abs(g));
    }
    for (std::size_t i = 0; i < grad.size(); i += 1 + grad.size() / 7) {
      CAPTURE(i);
      const auto loss_at = [&](double step) {
        std::vector<double> moved = before;
        moved[i] += step;
        value = tensor_of(moved, value.shape());
        return to_doubles(loss().value())[0];
      };
      const double difference = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
      CHECK(std::abs(difference - grad[i]) <= 1e-6 * largest + 1e-9);
    }
    value = tensor_of(before, value.shape());
  }
}

}  // namespace elastic
