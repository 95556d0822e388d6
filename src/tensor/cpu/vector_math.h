// Elementary functions and sums over contiguous arrays, by vectors.
#pragma once

#include <cstdint>

#include "tensor/cpu/simd.h"

namespace elastic::cpu {

/// x[i] = exp(x[i]). An element's bits do not depend on its place in the array. Below about -88
/// (float) or -709.8 (double) the result is zero or subnormal.
template <class T>
void exp_in_place(T* x, std::int64_t count);

/// A sum over the elements of a row: first per lane, then over the lanes by sum_of_lanes, then the
/// elements after the last whole vector. The order does not depend on the row's address.
template <class T>
class LaneSum {
 public:
  void add(const Vector<T>& value) { lanes_ += value; }
  void add(T value) { rest_ += value; }
  [[nodiscard]] T total() const { return sum_of_lanes<T>(lanes_) + rest_; }

 private:
  Vector<T> lanes_{};
  T rest_{};
};

/// The sum of a[i] b[i].
template <class T>
inline T dot(const T* a, const T* b, std::int64_t length) {
  LaneSum<T> sum;
  for_lanes<T>(length, [&](auto zero, std::int64_t j) {
    using V = decltype(zero);
    sum.add(load<V>(a + j) * load<V>(b + j));
  });
  return sum.total();
}

/// y += factor * x
template <class T>
inline void add_scaled(const T* x, T factor, std::int64_t length, T* y) {
  for_lanes<T>(length, [&](auto zero, std::int64_t j) {
    using V = decltype(zero);
    store<V>(y + j, load<V>(y + j) + factor * load<V>(x + j));
  });
}

/// y = 0.5 x (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3), GELU's tanh form by Hendrycks and
/// Gimpel, 2016; y may be x. An element's bits do not depend on its place in the array.
template <class T>
void gelu(const T* x, std::int64_t count, T* y);

/// y = gelu(x) and grad[i] *= gelu'(x[i]); y may be x.
/// gelu' = 0.5 (1 + t) + 0.5 x (1 - t^2) sqrt(2/pi) (1 + 3 * 0.044715 x^2), t = tanh(u).
template <class T>
void gelu_with_gradient(const T* x, std::int64_t count, T* y, T* grad);

}  // namespace elastic::cpu
