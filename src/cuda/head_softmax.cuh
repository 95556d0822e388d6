// Softmax over groups of adjacent columns of a tile in shared memory, one group a head.
#pragma once

#include "cuda/device.cuh"

namespace elastic::cuda {

/// The lanes that share a token's head: as many as it has columns, up to a power of two or a warp.
__device__ __forceinline__ int head_lanes(int experts) {
  int lanes = 1;
  while (lanes < experts && lanes < kWarp) {
    lanes *= 2;
  }
  return lanes;
}

/// body(first element of a token's head, its lane among `lanes`, whether there is one) for all of
/// scores [rows, columns]; every lane of a warp is called as often as the others.
template <class Body>
__device__ void for_each_head(
    int rows, int columns, int experts, int stride, int lanes, const Body& body) {
  const int heads = columns / experts;
  const int units = rows * heads;
  const int together = kWarp / lanes;  // of a warp
  for (int first = warp_index() * together; first < units; first += kWarps * together) {
    const int unit = first + lane_index() / lanes;
    body(unit / heads * stride + unit % heads * experts, lane_index() % lanes, unit < units);
  }
}

/// Softmax over each head's `experts` columns of scores [rows, columns], rows `stride` apart.
template <class T>
__device__ void softmax_heads(T* scores, int rows, int columns, int experts, int stride) {
  const int lanes = head_lanes(experts);
  for_each_head(rows, columns, experts, stride, lanes, [&](int first, int lane, bool present) {
    const int count = present ? experts : 0;
    T maximum = lowest<T>();
    for (int i = lane; i < count; i += lanes) {
      maximum = maximum < scores[first + i] ? scores[first + i] : maximum;
    }
    for (int mask = lanes / 2; mask > 0; mask /= 2) {
      const T other = __shfl_xor_sync(0xFFFFFFFFU, maximum, mask);
      maximum = maximum < other ? other : maximum;
    }
    T sum = 0;
    for (int i = lane; i < count; i += lanes) {
      const T value = exp(scores[first + i] - maximum);
      scores[first + i] = value;
      sum += value;
    }
    for (int mask = lanes / 2; mask > 0; mask /= 2) {
      sum += __shfl_xor_sync(0xFFFFFFFFU, sum, mask);
    }
    const T inverse = T(1) / sum;
    for (int i = lane; i < count; i += lanes) {
      scores[first + i] *= inverse;
    }
  });
}

/// grads: from dL/dp to dL/ds = p (dL/dp - sum p dL/dp).
template <class T>
__device__ void softmax_heads_backward(
    const T* probs, T* grads, int rows, int columns, int experts, int stride) {
  const int lanes = head_lanes(experts);
  for_each_head(rows, columns, experts, stride, lanes, [&](int first, int lane, bool present) {
    const int count = present ? experts : 0;
    T dot = 0;
    for (int i = lane; i < count; i += lanes) {
      dot += probs[first + i] * grads[first + i];
    }
    for (int mask = lanes / 2; mask > 0; mask /= 2) {
      dot += __shfl_xor_sync(0xFFFFFFFFU, dot, mask);
    }
    for (int i = lane; i < count; i += lanes) {
      grads[first + i] = probs[first + i] * (grads[first + i] - dot);
    }
  });
}

}  // namespace elastic::cuda
