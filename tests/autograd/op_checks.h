// Comparisons for the tests of ops.
#pragma once

#include <utility>

#include "autograd/check_gradients.h"
#include "tensor/precision.h"
#include "tensor/tensor_values.h"

namespace elastic {

/// Normal numbers on the test device, a function of shape and seed.
inline Tensor random_f64(const Shape& shape, std::uint64_t seed, double scale = 1.0) {
  return random_f64(shape, seed, test_device(), scale);
}

/// A function of some inputs with a result of any shape.
using TensorFunction = std::function<Variable(const std::vector<Variable>& inputs)>;

/// A value and the gradients of its weighted sum by each input (zeros if there is none).
struct Differentiated {
  std::vector<double> value;
  std::vector<std::vector<double>> grads;
};

inline Differentiated differentiate(const TensorFunction& function,
                                    const std::vector<Tensor>& inputs) {
  std::vector<Variable> leaves;
  for (const Tensor& input : inputs) {
    leaves.emplace_back(clone(input), /*requires_grad=*/true);
  }
  const Variable out = function(leaves);
  Differentiated result{to_doubles(out.value()), {}};
  backward(weighted_sum(out));
  for (const Variable& leaf : leaves) {
    result.grads.push_back(leaf.grad().defined() ? to_doubles(leaf.grad())
                                                 : std::vector<double>(static_cast<std::size_t>(
                                                       leaf.value().numel())));
  }
  return result;
}

inline void check_close(const Differentiated& want, const Differentiated& got, double tolerance) {
  CHECK(relative_error(want.value, got.value) <= tolerance);
  for (std::size_t i = 0; i < want.grads.size(); ++i) {
    CAPTURE(i);
    CHECK(relative_error(want.grads[i], got.grads[i]) <= tolerance);
  }
}

/// Both functions give the same value and gradients at `inputs`, up to rounding.
inline void check_equal(const TensorFunction& want,
                        const TensorFunction& got,
                        const std::vector<Tensor>& inputs,
                        double tolerance = tolerance::kEqual) {
  check_close(differentiate(want, inputs), differentiate(got, inputs), tolerance);
}

/// The function gives nearly the same value and gradients in float32 as in float64.
inline void check_float32(const TensorFunction& function,
                          const std::vector<Tensor>& inputs,
                          double tolerance = tolerance::kFloat32) {
  std::vector<Tensor> narrow;
  for (const Tensor& input : inputs) {
    narrow.push_back(make_tensor(to_doubles(input), input.shape(), DType::kFloat32));
  }
  std::vector<Tensor> rounded;  // the same numbers in both types
  for (const Tensor& input : narrow) {
    rounded.push_back(make_tensor(to_doubles(input), input.shape(), DType::kFloat64));
  }
  switch (test_precision()) {
    case Precision::kFp32:
      break;
    case Precision::kTf32:
      tolerance = tolerance::kTf32;
      break;
    case Precision::kBf16:
      tolerance = tolerance::kBf16;
      break;
  }
  check_close(differentiate(function, rounded), differentiate(function, narrow), tolerance);
}

/// Finite differences of the function's weighted sum, on one thread: many tiny calls. Brief runs
/// check every fifth element.
inline void check_function(const TensorFunction& function, const std::vector<Tensor>& inputs) {
  const Threads one(1);
  check_gradients([&](const std::vector<Variable>& in) { return weighted_sum(function(in)); },
                  inputs,
                  1e-6,
                  test_is_brief() ? 5 : 1);
}

inline double weighted_value(const TensorFunction& function, const std::vector<Tensor>& inputs) {
  const NoGrad no_grad;
  std::vector<Variable> in;
  for (const Tensor& input : inputs) {
    in.emplace_back(input);
  }
  return to_doubles(weighted_sum(function(in)).value())[0];
}

/// The gradient by each input along a random direction, against a central difference.
inline void check_directions(const TensorFunction& function, const std::vector<Tensor>& inputs) {
  const Differentiated result = differentiate(function, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    constexpr double kStep = 1e-5;
    const Shape shape = inputs[i].shape();
    const std::vector<double> at = to_doubles(inputs[i]);
    const std::vector<double> direction = to_doubles(random_f64(shape, 11 + i));
    std::vector<Tensor> moved = inputs;
    const auto value_at = [&](double step) {
      std::vector<double> values = at;
      for (std::size_t e = 0; e < values.size(); ++e) {
        values[e] += step * direction[e];
      }
      moved[i] = make_tensor(values, shape, DType::kFloat64);
      return weighted_value(function, moved);
    };
    double along = 0.0;
    double largest = 1.0;
    for (std::size_t e = 0; e < at.size(); ++e) {
      along += result.grads[i][e] * direction[e];
      largest = std::max(largest, std::abs(result.grads[i][e]));
    }
    const double difference = (value_at(kStep) - value_at(-kStep)) / (2.0 * kStep);
    CHECK(std::abs(along - difference) <=
          1e-7 * largest * std::sqrt(static_cast<double>(at.size()) + 1.0));
  }
}

inline Variable variable_of(const std::vector<double>& values,
                            const Shape& shape,
                            bool requires_grad = false) {
  return Variable(tensor_of(values, shape), requires_grad);
}

}  // namespace elastic
