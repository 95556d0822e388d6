#include "autograd/check_gradients.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/elementwise.h"
#include "autograd/ops/sum.h"
#include "base/error.h"
#include "base/random.h"

namespace elastic {

void check_gradients(const ScalarFunction& function,
                     const std::vector<Tensor>& inputs,
                     double tolerance,
                     std::size_t stride) {
  constexpr double kStep = 1e-5;
  constexpr double kFloor = 1e-9;
  const auto variables = [&inputs](bool requires_grad) {
    std::vector<Variable> result;
    for (const Tensor& input : inputs) {
      result.emplace_back(clone(input), requires_grad);
    }
    return result;
  };
  const std::vector<Variable> arguments = variables(false);
  const auto write = [&arguments](std::size_t input, std::size_t element, double value) {
    const Tensor& whole = arguments[input].value();
    const auto at = static_cast<std::int64_t>(element);
    Tensor target = whole.reshape({whole.numel()}).slice(at, at + 1);
    backend_for(whole.device()).copy_from_host(&value, target);
  };
  const auto value_with = [&](std::size_t input, std::size_t element, double value) {
    write(input, element, value);
    return function(arguments).value().to_vector<double>().front();
  };

  const std::vector<Variable> leaves = variables(true);
  backward(function(leaves));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<double> elements = inputs[i].to_vector<double>();
    std::vector<double> analytic(elements.size(), 0.0);
    if (leaves[i].grad().defined()) {
      analytic = leaves[i].grad().to_vector<double>();
    }
    std::vector<double> numeric(elements.size());
    double largest = 0.0;
    for (std::size_t e = i % stride; e < elements.size(); e += stride) {
      const double at = elements[e];
      const double above = value_with(i, e, at + kStep);
      const double below = value_with(i, e, at - kStep);
      write(i, e, at);
      numeric[e] = (above - below) / (2.0 * kStep);
      largest = std::max({largest, std::abs(numeric[e]), std::abs(analytic[e])});
    }
    for (std::size_t e = i % stride; e < elements.size(); e += stride) {
      const double error = std::abs(numeric[e] - analytic[e]);
      if (!(error <= std::max(kFloor, tolerance * largest))) {
        throw Error(concat("gradient of input ",
                           i,
                           " at element ",
                           e,
                           ": backward gives ",
                           analytic[e],
                           ", differences give ",
                           numeric[e]));
      }
    }
  }
}

Variable weighted_sum(const Variable& x) {
  Tensor weights = random_f64(x.shape(), /*seed=*/7, x.value().device());
  if (x.value().dtype() == DType::kFloat32) {
    const std::vector<double> wide = weights.to_vector<double>();
    weights =
        Tensor::from(std::vector<float>(wide.begin(), wide.end()), x.shape(), x.value().device());
  }
  return ops::sum(ops::multiply(x, Variable(weights)));
}

Tensor random_f64(const Shape& shape, std::uint64_t seed, Device device, double scale) {
  RandomStream stream(seed, RandomPurpose::kInit, static_cast<std::uint64_t>(shape.numel()));
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& value : values) {
    value = scale * stream.normal();
  }
  return Tensor::from(values, shape, device);
}

}  // namespace elastic
