#include "profile/fit.h"

#include <cmath>
#include <cstddef>

namespace elastic::profile {
namespace {

// For a given exponent p, the constant a and factor b that minimise the sum of ((a + b x^p) / y -
// 1)^2, with that sum in `error`.
PowerFit fit_linear_part(std::span<const double> x,
                         std::span<const double> y,
                         double exponent,
                         double& error) {
  double uu = 0.0;
  double uv = 0.0;
  double vv = 0.0;
  double u = 0.0;
  double v = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double one = 1.0 / y[i];
    const double power = std::pow(x[i], exponent) / y[i];
    uu += one * one;
    uv += one * power;
    vv += power * power;
    u += one;
    v += power;
  }
  PowerFit fit;
  fit.exponent = exponent;
  const double determinant = uu * vv - uv * uv;
  if (determinant > 1e-12 * uu * vv) {
    fit.constant = (u * vv - v * uv) / determinant;
    fit.factor = (v * uu - u * uv) / determinant;
  }
  if (!(fit.constant > 0.0) || fit.factor < 0.0) {
    fit.constant = 0.0;
    fit.factor = v / vv;
  }
  error = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double relative = (fit.constant + fit.factor * std::pow(x[i], exponent)) / y[i] - 1.0;
    error += relative * relative;
  }
  return fit;
}

}  // namespace

PowerFit fit_power(std::span<const double> x, std::span<const double> y) {
  PowerFit best;
  if (x.size() < 3 || x.size() != y.size()) {
    return best;
  }
  constexpr double kStep = 0.002;
  constexpr double kMost = 4.0;
  double least = INFINITY;
  for (double exponent = kStep; exponent <= kMost; exponent += kStep) {
    double error = 0.0;
    const PowerFit fit = fit_linear_part(x, y, exponent, error);
    if (error < least) {
      least = error;
      best = fit;
    }
  }
  best.valid = true;
  return best;
}

}  // namespace elastic::profile
