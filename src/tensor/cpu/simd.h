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

// On no more than T's boundary, so that functions need not align their stacks (gcc; 2 to 4 % of a
// training step).
template <class T, int Bytes>
struct VectorOf {
  typedef T Type __attribute__((vector_size(Bytes), aligned(alignof(T)), may_alias));
};
template <class T>
using Vector = typename VectorOf<T, kVectorBytes>::Type;

/// A vector where arrays have it, at any address of their elements. The boundary of `Vector` does
/// not say so: clang drops it where the type is a template's argument.
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
