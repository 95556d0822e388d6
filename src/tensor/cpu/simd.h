// The machine's vectors, as compiler vector types.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace elastic::cpu {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

/// Elements of a vector.
template <class T>
constexpr std::int64_t kLanes = kVectorBytes / static_cast<std::int64_t>(sizeof(T));

// Aligned like T, so that functions need not align their stacks (gcc; 2 to 4 % of a training step).
template <class T, int Bytes>
struct VectorOf {
  typedef T Type __attribute__((vector_size(Bytes), aligned(alignof(T)), may_alias));
};
template <class T>
using Vector = typename VectorOf<T, kVectorBytes>::Type;

/// A vector in an array, at any element's address. Vector's alignment is not enough: clang drops it
/// if the type is a template argument.
template <class V>
struct __attribute__((packed, may_alias)) InMemory {
  V value;
};

/// `V` is Vector<T>, or T itself.
template <class V, class T>
inline V load(const T* from) {
  return reinterpret_cast<const InMemory<V>*>(from)->value;
}
template <class V, class T>
inline void store(T* to, V value) {
  reinterpret_cast<InMemory<V>*>(to)->value = value;
}

/// The smaller element per lane; b if one of them is NaN.
template <class V>
inline V smaller(V a, V b) {
  return a < b ? a : b;
}
/// The larger element per lane; b if one of them is NaN.
template <class V>
inline V larger(V a, V b) {
  return a > b ? a : b;
}

namespace detail {
template <int First, class V, int... I>
inline auto lanes_from(V v, std::integer_sequence<int, I...> /*lanes*/) {
  return __builtin_shufflevector(v, v, (First + I)...);
}
}  // namespace detail

/// The sum of the lanes by halves: the upper half is added to the lower one until one lane is left.
/// For 64 bytes of double, the last four lanes are added as (0 + 1) + (2 + 3).
template <class T, class V>
inline T sum_of_lanes(V v) {
  constexpr int kCount = sizeof(V) / sizeof(T);
  if constexpr (kCount == 2) {
    return v[0] + v[1];
  } else if constexpr (kCount == 4 && std::is_same_v<T, double> && kVectorBytes == 64) {
    return (v[0] + v[1]) + (v[2] + v[3]);
  } else {
    const auto half = std::make_integer_sequence<int, kCount / 2>{};
    return sum_of_lanes<T>(detail::lanes_from<0>(v, half) +
                           detail::lanes_from<kCount / 2>(v, half));
  }
}

/// Calls body(zero, j) over 0..length-1: with a Vector<T> for every whole vector, then with a T for
/// every remaining element.
template <class T, class Length, class Body>
inline void for_lanes(Length length, const Body& body) {
  const std::int64_t whole = length / kLanes<T> * kLanes<T>;
  for (std::int64_t j = 0; j < whole; j += kLanes<T>) {
    body(Vector<T>{}, j);
  }
  for (std::int64_t j = whole; j < length; ++j) {
    body(T{}, j);
  }
}

/// Calls body(j, lanes) over 0..length-1 by vectors; `lanes` is a constant for whole vectors, and
/// the number of remaining elements for a partial last one.
template <class T, class Body>
inline void for_vectors(std::int64_t length, const Body& body) {
  std::int64_t j = 0;
  for (; j + kLanes<T> <= length; j += kLanes<T>) {
    body(j, std::integral_constant<std::int64_t, kLanes<T>>{});
  }
  if (j < length) {
    body(j, length - j);
  }
}

/// `lanes` elements as `for_vectors` counts them; other lanes are zero on loading and not stored.
template <class T, class Lanes>
inline Vector<T> load_lanes(const T* from, Lanes lanes) {
  if constexpr (std::is_same_v<Lanes, std::int64_t>) {
    T values[kLanes<T>] = {};
    std::copy(from, from + lanes, values);
    return load<Vector<T>>(values);
  } else {
    return load<Vector<T>>(from);
  }
}
template <class T, class Lanes>
inline void store_lanes(T* to, Lanes lanes, Vector<T> value) {
  if constexpr (std::is_same_v<Lanes, std::int64_t>) {
    T values[kLanes<T>];
    store(values, value);
    std::copy(values, values + lanes, to);
  } else {
    store(to, value);
  }
}

}  // namespace elastic::cpu
