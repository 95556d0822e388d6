// Vectorised elementary functions and sums over contiguous arrays, by Eigen.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>

#include "tensor/cpu/simd.h"

namespace elastic::cpu {

template <class T>
using ArrayMap = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using ConstArrayMap = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

/// x[i] = exp(x[i]) by whole packets, the last one filled up. Eigen's own loop takes the ends of an
/// array by std::exp, which rounds differently: an element's bits would depend on its place.
template <class T>
inline void exp_in_place(T* x, std::int64_t count) {
  using Traits = Eigen::internal::packet_traits<T>;
  constexpr std::int64_t kLanes = Traits::size;
  const auto exp_packet = [](T* values) {
    const auto packet = Eigen::internal::ploadu<typename Traits::type>(values);
    Eigen::internal::pstoreu(values, Eigen::internal::pexp(packet));
  };
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    exp_packet(x + i);
  }
  if (i < count) {
    T last[kLanes] = {};
    std::copy(x + i, x + count, last);
    exp_packet(last);
    std::copy(last, last + (count - i), x + i);
  }
}

/// A sum over the elements of a row: lane by lane, the lanes then by halves, what is left of a
/// vector last. The same order wherever the row lies.
template <class T>
class LaneSum {
 public:
  void add(const Vector<T>& value) { lanes_ += value; }
  void add(T value) { rest_ += value; }
  [[nodiscard]] T total() const {
    using Traits = Eigen::internal::packet_traits<T>;
    static_assert(Traits::size == kLanes<T>);
    T lanes[kLanes<T>];
    store(lanes, lanes_);
    return Eigen::internal::predux(Eigen::internal::ploadu<typename Traits::type>(lanes)) + rest_;
  }

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

// GELU's tanh form, Hendrycks and Gimpel 2016.
inline constexpr double kGeluCubic = 0.044715;
inline constexpr double kGeluScale = 0.7978845608028654;  // sqrt(2 / pi)

/// y = 0.5 x (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3); y may be x.
template <class T>
inline void gelu(const T* x, std::int64_t count, T* y) {
  const ConstArrayMap<T> in(x, count);
  const T cubic = static_cast<T>(kGeluCubic);
  const T scale = static_cast<T>(kGeluScale);
  ArrayMap<T>(y, count) = in * T(0.5) * (T(1) + (scale * in * (T(1) + cubic * in * in)).tanh());
}

/// y = gelu(x) and grad[i] *= gelu'(x[i]); y may be x.
/// gelu' = 0.5 (1 + t) + 0.5 x (1 - t^2) sqrt(2/pi) (1 + 3 * 0.044715 x^2), t = tanh(u).
template <class T>
inline void gelu_with_gradient(const T* x, std::int64_t count, T* y, T* grad) {
  constexpr std::int64_t kSlice = 256;
  T buffer[kSlice];
  const T cubic = static_cast<T>(kGeluCubic);
  const T scale = static_cast<T>(kGeluScale);
  for (std::int64_t begin = 0; begin < count; begin += kSlice) {
    const std::int64_t size = std::min(kSlice, count - begin);
    const ConstArrayMap<T> in(x + begin, size);
    ArrayMap<T> t(buffer, size);
    t = (scale * in * (T(1) + cubic * in * in)).tanh();
    ArrayMap<T>(grad + begin, size) *=
        T(0.5) * (T(1) + t) +
        T(0.5) * in * (T(1) - t * t) * (scale * (T(1) + T(3) * cubic * in * in));
    ArrayMap<T>(y + begin, size) = T(0.5) * in * (T(1) + t);
  }
}

}  // namespace elastic::cpu
