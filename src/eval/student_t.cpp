#include "eval/student_t.h"

#include <cmath>
#include <limits>

#include "base/error.h"

namespace elastic::eval {
namespace {

// Beyond it the normal distribution agrees to nine digits.
constexpr double kNormalDf = 1e10;

// Replaces zero denominators of the continued fraction.
double nonzero(double value) {
  constexpr double kTiny = 1e-300;
  return std::fabs(value) < kTiny ? kTiny : value;
}

// The continued fraction of the incomplete beta function (Lentz's method), for x below the mean.
double beta_fraction(double a, double b, double x) {
  constexpr int kMostTerms = 10000;
  constexpr double kPrecision = 1e-15;
  double c = 1.0;
  double d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
  double value = d;
  for (int term = 1; term < kMostTerms; ++term) {
    const double m = term;
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / nonzero(1.0 + even * d);
    c = nonzero(1.0 + even / c);
    value *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / nonzero(1.0 + odd * d);
    c = nonzero(1.0 + odd / c);
    value *= c * d;
    if (std::fabs(c * d - 1.0) < kPrecision) {
      break;
    }
  }
  return value;
}

// The regularised incomplete beta function I_x(a, b); `y` is 1 - x, exact where x is near 1.
double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0.0 || y <= 0.0) {
    return x <= 0.0 ? 0.0 : 1.0;
  }
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log(y));
  return x < (a + 1.0) / (a + b + 2.0) ? front * beta_fraction(a, b, x) / a
                                       : 1.0 - front * beta_fraction(b, a, y) / b;
}

}  // namespace

double two_sided_p(double t, double df) {
  ELASTIC_CHECK(df > 0.0, "degrees of freedom ", df);
  if (std::isinf(t)) {
    return 0.0;
  }
  if (df > kNormalDf) {
    return std::erfc(std::fabs(t) / std::sqrt(2.0));
  }
  const double total = df + t * t;
  return incomplete_beta(df / 2.0, 0.5, df / total, t * t / total);
}

double critical_t(double p, double df) {
  ELASTIC_CHECK(p > 0.0 && p < 1.0, "p ", p);
  double low = 0.0;
  double high = 1.0;
  while (two_sided_p(high, df) > p && high < std::numeric_limits<double>::max() / 2.0) {
    low = high;
    high *= 2.0;
  }
  for (int step = 0; step < 200; ++step) {
    const double middle = low + (high - low) / 2.0;
    if (middle == low || middle == high) {
      break;
    }
    (two_sided_p(middle, df) > p ? low : high) = middle;
  }
  return low + (high - low) / 2.0;
}

}  // namespace elastic::eval
