#include "profile/fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/random.h"

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

// The best fit with an exponent from `low` to `high` in steps of `step`.
PowerFit best_between(
    std::span<const double> x, std::span<const double> y, double low, double high, double step) {
  PowerFit best;
  double least = INFINITY;
  for (double exponent = low; exponent <= high; exponent += step) {
    double error = 0.0;
    const PowerFit fit = fit_linear_part(x, y, exponent, error);
    if (error < least) {
      least = error;
      best = fit;
    }
  }
  return best;
}

constexpr double kExponentStep = 0.002;
constexpr double kMostExponent = 4.0;

}  // namespace

PowerFit fit_power(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 3 || x.size() != y.size()) {
    return {};
  }
  PowerFit fit = best_between(x, y, kExponentStep, kMostExponent, kExponentStep);
  fit.valid = true;
  return fit;
}

std::optional<Interval> exponent_interval(std::span<const double> x,
                                          std::span<const std::vector<double>> repetitions,
                                          std::uint64_t stream) {
  constexpr std::size_t kLeastRepetitions = 4;
  constexpr int kResamples = 400;
  constexpr double kCoarseStep = 0.05;
  for (const std::vector<double>& times : repetitions) {
    if (times.size() < kLeastRepetitions) {
      return std::nullopt;
    }
  }
  RandomStream random(0, RandomPurpose::kBootstrap, stream);
  std::vector<double> exponents;
  std::vector<double> y(x.size());
  for (int i = 0; i < kResamples; ++i) {
    for (std::size_t point = 0; point < y.size(); ++point) {
      const std::vector<double>& times = repetitions[point];
      y[point] = times[random.below(times.size())];
      for (std::size_t drawn = 1; drawn < times.size(); ++drawn) {
        y[point] = std::min(y[point], times[random.below(times.size())]);
      }
    }
    const double near = best_between(x, y, kCoarseStep, kMostExponent, kCoarseStep).exponent;
    exponents.push_back(best_between(x,
                                     y,
                                     std::max(kExponentStep, near - kCoarseStep),
                                     std::min(kMostExponent, near + kCoarseStep),
                                     kExponentStep)
                            .exponent);
  }
  return Interval{quantile(exponents, 0.025), quantile(exponents, 0.975)};
}

}  // namespace elastic::profile
