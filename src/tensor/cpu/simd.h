// The machine's vectors, by the compiler's own vector types.
#pragma once

#include <cstdint>

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

template <class T, int Bytes>
struct VectorOf {
  typedef T Type __attribute__((vector_size(Bytes), aligned(alignof(T)), may_alias));
};
/// A vector of T that may lie at any address of T.
template <class T>
using Vector = typename VectorOf<T, kVectorBytes>::Type;

/// `V` is Vector<T>, or T itself.
template <class V, class T>
inline V load(const T* from) {
  return *reinterpret_cast<const V*>(from);
}
template <class V, class T>
inline void store(T* to, V value) {
  *reinterpret_cast<V*>(to) = value;
}

/// Calls body(zero, j) over 0..length-1: with a Vector<T> at every whole vector, then with a T at
/// every element that is left.
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

}  // namespace elastic::cpu
