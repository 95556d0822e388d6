// Upper and lower bounds of scores, from a table in one byte per element (tensor/item_codes.h).
//
// A state q is encoded as b j + f with whole numbers j = 128 h + l, h in -127..127, l in -64..63.
// With q.t the score of an item t = a i + e in exact arithmetic, and |.| the Euclidean norm,
//
//     q.t = a b i.j + q.e + a f.i,   |q.t - a b i.j| <= a (|q| |e| / a + |f| |i|)
//
// by Cauchy-Schwarz. Let M = (|q| + |f|) |i| + |q| |e| / a; it is at least b |i.j|, as b j = q - f,
// and at least |q| |t| / a. The score in float32, a sum in order with or without fused
// multiply-adds, differs from q.t by at most g |q| |t|, g = D u / (1 - D u), u = 2^-24, and by
// D 2^-150 where products underflow. So, but for underflow, it lies within
//
//     a (b i.j -+ E),   E = |q| |e| / a + |f| |i| + g M
//
// i.j is computed exactly in integers, a (b i.j + E) in float32: 128 b h.i and b l.i, at most 2 M
// and M (in each dimension |l| <= |j|), are converted, multiplied, added and multiplied by a, in 7
// roundings of values of at most 4 (M + E) a. The lower bound, upper - 2 a margin, takes two more:
// below 2^-18 (M + E) a together. So margin = (1 + 2^-17) E + 2^-17 M + 2^-70 gives bounds that
// hold for every item; as a >= 2^-60, the last term exceeds all underflow. |i| and |e| / a are
// replaced by their largest values in the table, so that margin depends on q alone.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/item_codes.h"

namespace elastic::cpu {

/// An encoded state.
struct CodedState {
  std::vector<std::int32_t> high;  ///< [groups]: h of four dimensions, one in each byte
  std::vector<std::int32_t> low;   ///< the same of l
  std::int32_t high_start = 0;     ///< -128 times the sum of h: items' codes have 128 added
  std::int32_t low_start = 0;
  float high_step = 0.0F;  ///< 128 b
  float low_step = 0.0F;   ///< b
  float margin = 0.0F;
};

/// Encodes a state [dim]. Returns false if a number is not finite, or scores could exceed the range
/// of float32: no bounds then.
bool encode_state(const float* state, std::int64_t dim, const ItemCodes& codes, CodedState& coded);

/// upper[s] for the slots first..first + count - 1, both multiples of 64.
void upper_bounds(const CodedState& state,
                  const ItemCodes& codes,
                  std::int64_t first,
                  std::int64_t count,
                  float* upper);
/// The lower bound of an item with this upper bound.
inline float lower_bound(const CodedState& state, float scale, float upper) {
  return upper - scale * (2.0F * state.margin);
}

/// The instructions for sums of products of bytes.
enum class ByteUnit { kPortable, kAvxVnni, kAvx512Vnni };
/// Whether these kernels and the CPU have it.
bool has_byte_unit(ByteUnit unit);
/// The unit that `upper_bounds` uses, at first the best one.
ByteUnit byte_unit();
/// Changes it; no kernel may be running.
void set_byte_unit(ByteUnit unit);

}  // namespace elastic::cpu
