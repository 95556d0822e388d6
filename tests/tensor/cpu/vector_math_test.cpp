#include "tensor/cpu/vector_math.h"

#include <cstring>

#include "tensor/tensor_values.h"

namespace elastic::cpu {
namespace {

template <class T>
std::vector<T> exp_of(std::vector<T> x) {
  exp_in_place(x.data(), static_cast<std::int64_t>(x.size()));
  return x;
}
template <class T>
std::vector<T> gelu_of(std::vector<T> x) {
  gelu(x.data(), static_cast<std::int64_t>(x.size()), x.data());
  return x;
}

// `count` equidistant numbers, including both ends.
template <class T>
std::vector<T> grid(double begin, double end, int count) {
  std::vector<T> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(static_cast<T>(begin + (end - begin) * i / (count - 1)));
  }
  return values;
}

// In units of the last place of `want`, a normal number.
template <class T>
double error_in_ulp(T got, long double want) {
  const long double unit =
      std::ldexp(1.0L, std::ilogb(want) - (std::numeric_limits<T>::digits - 1));
  return static_cast<double>(std::abs(static_cast<long double>(got) - want) / unit);
}

// The larger one, or NaN if one of them is.
double worse(double worst, double error) {
  return error <= worst ? worst : error;
}

TEST_CASE_TEMPLATE("exp: within 5 units in the last place of float, 2 of double",
                   T,
                   float,
                   double) {
  if (!on_cpu()) {
    return;
  }
  const double lowest = sizeof(T) == 4 ? -87.3 : -708.3;
  double worst = 0.0;
  for (const auto& [begin, end] :
       {std::pair{lowest, sizeof(T) == 4 ? 88.37 : 709.78}, std::pair{-1.0, 1.0}}) {
    const std::vector<T> x = grid<T>(begin, end, 100003);
    const std::vector<T> y = exp_of(x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      worst = worse(worst, error_in_ulp(y[i], std::exp(static_cast<long double>(x[i]))));
    }
  }
  CHECK(worst < (sizeof(T) == 4 ? 5.0 : 2.0));
}

TEST_CASE_TEMPLATE("exp: NaN, infinity, zero, overflow and underflow", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  const T infinity = std::numeric_limits<T>::infinity();
  const T denormal = std::numeric_limits<T>::denorm_min();
  const std::vector<T> y = exp_of(std::vector<T>{
      std::numeric_limits<T>::quiet_NaN(), infinity, T(0), -T(0), denormal, -denormal});
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == infinity);
  for (std::size_t i = 2; i < y.size(); ++i) {
    CHECK(y[i] == T(1));
  }
  // At either end the result is that of the last number within the limits, or infinity.
  for (const T large : {T(1000), T(1e30), std::numeric_limits<T>::max()}) {
    CHECK(exp_of(std::vector<T>{large})[0] > std::numeric_limits<T>::max() / 2);
    CHECK(exp_of(std::vector<T>{-large})[0] >= T(0));
    CHECK(exp_of(std::vector<T>{-large})[0] < std::numeric_limits<T>::min());
  }
  CHECK(exp_of(std::vector<T>{-infinity})[0] == exp_of(std::vector<T>{T(-1000)})[0]);
}

// 2 gelu(x) / x = 1 + tanh(u), rounded where tanh(u) is near -1.
TEST_CASE_TEMPLATE("gelu: tanh within 4 units in the last place of 1", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  double worst = 0.0;
  double worst_gradient = 0.0;
  for (const double end : {12.0, 0.5, 1e-3}) {
    const std::vector<T> x = grid<T>(-end, end, 60000);
    const std::vector<T> y = gelu_of(x);
    std::vector<T> grad(x.size(), T(1));
    std::vector<T> same(x.size());
    gelu_with_gradient(x.data(), static_cast<std::int64_t>(x.size()), same.data(), grad.data());
    CHECK(same == y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double in = x[i];
      const long double scale = 0.7978845608028653558798921198687637L;
      const long double tanh = std::tanh(scale * (in + 0.044715L * in * in * in));
      const long double factor = (1.0L + tanh) / 2.0L;
      const long double slope =
          factor + in / 2.0L * (1.0L - tanh * tanh) * scale * (1.0L + 3.0L * 0.044715L * in * in);
      const long double unit = std::numeric_limits<T>::epsilon();
      const auto error = static_cast<double>(std::abs(y[i] - in * factor) / std::abs(in) / unit);
      worst = worse(worst, 2.0 * error);
      worst_gradient = worse(worst_gradient, static_cast<double>(std::abs(grad[i] - slope) / unit));
    }
  }
  CHECK(worst < 4.0);
  // The derivative of u multiplies the error of tanh(u).
  CHECK(worst_gradient < 40.0);
}

TEST_CASE_TEMPLATE("gelu: NaN, zero and large numbers", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  const std::vector<T> y =
      gelu_of(std::vector<T>{std::numeric_limits<T>::quiet_NaN(), T(0), T(-50), T(50), T(1e30)});
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == T(0));
  CHECK(y[2] == T(0));
  CHECK(y[3] == T(50));
  CHECK(y[4] == T(1e30));
}

template <class T>
bool same_bits(const T* a, const T* b, std::size_t count) {
  return std::memcmp(a, b, count * sizeof(T)) == 0;
}

TEST_CASE_TEMPLATE("exp and gelu: an element has the same bits anywhere in an array",
                   T,
                   float,
                   double) {
  if (!on_cpu()) {
    return;
  }
  const std::vector<T> x = grid<T>(-6.1, 3.7, 70);
  std::vector<T> exps;
  std::vector<T> gelus;
  std::vector<T> gradients;
  for (const T value : x) {
    exps.push_back(exp_of(std::vector<T>{value})[0]);
    gelus.push_back(gelu_of(std::vector<T>{value})[0]);
    T gradient = T(1);
    T unused = T(0);
    gelu_with_gradient(&value, 1, &unused, &gradient);
    gradients.push_back(gradient);
  }
  for (std::size_t begin = 0; begin < x.size(); ++begin) {
    for (std::size_t size = 0; size <= x.size() - begin; ++size) {
      CAPTURE(begin);
      CAPTURE(size);
      std::vector<T> part = x;
      const auto count = static_cast<std::int64_t>(size);
      exp_in_place(part.data() + begin, count);
      REQUIRE(same_bits(part.data() + begin, exps.data() + begin, size));
      // Elements outside the part are unchanged.
      REQUIRE(same_bits(part.data(), x.data(), begin));
      REQUIRE(same_bits(part.data() + begin + size, x.data() + begin + size, 70 - begin - size));
      part = x;
      std::vector<T> gradient(x.size(), T(1));
      gelu(x.data() + begin, count, part.data());
      REQUIRE(same_bits(part.data(), gelus.data() + begin, size));
      gelu_with_gradient(x.data() + begin, count, part.data(), gradient.data() + begin);
      REQUIRE(same_bits(part.data(), gelus.data() + begin, size));
      REQUIRE(same_bits(gradient.data() + begin, gradients.data() + begin, size));
    }
  }
}

}  // namespace
}  // namespace elastic::cpu
