// The softmax of rows that arrive tile by tile (Milakov and Gimelshein 2018).
#pragma once

#include "cuda/tile.cuh"

namespace elastic::cuda {

/// Adds a tile's scores [rows, capacity] to a running softmax: of row i the first seen(i)
/// columns become exponentials, the others zero. maximum [rows] (-inf before the first tile) and
/// denominator [rows] are updated; factor [rows] is the factor by which the caller rescales the
/// weighted sums so far. A warp takes a row; complete after the next barrier.
template <class T, class Seen>
__device__ void streaming_softmax(
    T* scores, int rows, int capacity, const Seen& seen, T* maximum, T* denominator, T* factor) {
  const int stride = row_stride(capacity);
  for (int i = warp_index(); i < rows; i += kWarps) {
    T* score = scores + i * stride;
    const int end = seen(i);
    T highest = lowest<T>();
    for (int j = lane_index(); j < end; j += kWarp) {
      highest = highest < score[j] ? score[j] : highest;
    }
    highest = warp_max(highest);
    const T before = maximum[i];
    const T now = before < highest ? highest : before;
    T sum = 0;
    for (int j = lane_index(); j < capacity; j += kWarp) {
      const T value = j < end ? exp(score[j] - now) : T(0);
      score[j] = value;
      sum += value;
    }
    sum = warp_sum(sum);
    if (lane_index() == 0) {
      const T scale = now == lowest<T>() ? T(1) : exp(before - now);  // nothing seen so far
      factor[i] = scale;
      maximum[i] = now;
      denominator[i] = denominator[i] * scale + sum;
    }
  }
}

}  // namespace elastic::cuda
