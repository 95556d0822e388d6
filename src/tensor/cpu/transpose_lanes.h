// Square blocks of vectors transposed in registers.
#pragma once

#include <cstdint>
#include <utility>

#include "tensor/cpu/simd.h"

namespace elastic::cpu {
namespace detail {

// Within each group of `Group` lanes the even blocks (Odd = 0) or the odd ones of a, and then those
// of b; a block is `Block` lanes. One instruction if a group or a block has 16 bytes.
template <int Group, int Block, int Odd, int Lanes>
constexpr int unzipped_lane(int lane) {
  const int place = lane % Group;
  const int place_in_source = place % (Group / 2);
  const int block = 2 * (place_in_source / Block) + Odd;
  const int source = place < Group / 2 ? 0 : Lanes;
  return source + lane - place + block * Block + place_in_source % Block;
}

template <class T, int Group, int Block, int Odd, int... I>
inline Vector<T> unzip(Vector<T> a, Vector<T> b, std::integer_sequence<int, I...> /*lanes*/) {
  return __builtin_shufflevector(a, b, unzipped_lane<Group, Block, Odd, sizeof...(I)>(I)...);
}

}  // namespace detail

/// Transposes rows [kLanes, kLanes] in place: first within groups of 16 bytes, then the groups.
/// Stride is the distance of the rows that are combined first, 1 for the whole transposition.
template <class T, int Stride = 1>
inline void transpose_lanes(Vector<T> (&rows)[kLanes<T>]) {
  constexpr int kSize = kLanes<T>;
  constexpr int kGroup = 16 / sizeof(T);
  if constexpr (Stride < kSize) {
    constexpr bool kWithinGroups = Stride < kGroup;
    constexpr int kSpan = kWithinGroups ? kGroup : kSize;
    constexpr int kBlock = kWithinGroups ? 1 : kGroup;
    constexpr auto kSequence = std::make_integer_sequence<int, kSize>{};
#pragma GCC unroll 16
    for (int i = 0; i < kSize; ++i) {
      if ((i & Stride) == 0) {
        const Vector<T> first = rows[i];
        const Vector<T> second = rows[i + Stride];
        rows[i] = detail::unzip<T, kSpan, kBlock, 0>(first, second, kSequence);
        rows[i + Stride] = detail::unzip<T, kSpan, kBlock, 1>(first, second, kSequence);
      }
    }
    transpose_lanes<T, 2 * Stride>(rows);
  }
}

}  // namespace elastic::cpu
