// Counts of codewords along ragged sequences, and the words' weights, for both directions of
// LISA's attention. A warp takes a codebook of a part of a sequence, a lane every 32nd word.
#pragma once

#include <cmath>

#include "cuda/chunks.h"
#include "cuda/device.cuh"
#include "tensor/code_histogram.h"
#include "tensor/segments.h"

namespace elastic::cuda {

/// A CodeHistogram on the device, and the exponentials of its words' scores.
template <class T>
struct HistogramView {
  const std::int32_t* codes;
  const T* occupancy;  ///< null: one at the code
  const std::int32_t* ids;
  const std::int32_t* offsets;
  const T* scores;
  const T* exponentials;  ///< relative to the largest of a row [C * W, W]
  std::int64_t items;     ///< V + 1
  int batch;
  int codebooks;
  int words;
  T decay;
  T factor;  ///< e^-decay

  __host__ __device__ std::int64_t columns() const {
    return static_cast<std::int64_t>(codebooks) * words;
  }
  __device__ int code(std::int64_t token, int c) const { return codes[c * items + ids[token]]; }
  __device__ const T* row(std::int64_t token, int c) const {
    return occupancy + ids[token] * columns() + static_cast<std::int64_t>(c) * words;
  }
  __device__ T fade(std::int64_t steps) const { return exp(-decay * static_cast<T>(steps)); }
};

template <class T>
__device__ __forceinline__ T without_least(T count) {
  return count < kLeastCount<T> && -count < kLeastCount<T> ? T(0) : count;
}

/// A part of a segment: tokens [begin, end), at most kTokenChunk, counted from its start.
struct TokenPart {
  int segment;
  std::int64_t begin;
  std::int64_t end;
};

/// Every segment has a slot for each of its chunks, and perhaps one that stays empty; `slots` of
/// them in all, for any bounds of the segments.
inline std::int64_t chunk_slots(const Segments& segments) {
  return segments.num_tokens() / kTokenChunk + segments.size();
}
__device__ __forceinline__ TokenPart part_of_slot(const std::int32_t* offsets,
                                                  int batch,
                                                  std::int64_t slot) {
  int low = 0;
  int high = batch;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (offsets[middle] / kTokenChunk + middle <= slot) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const std::int64_t chunk = slot - (offsets[low] / kTokenChunk + low);
  const std::int64_t begin = offsets[low] + chunk * kTokenChunk;
  const std::int64_t end = offsets[low + 1];
  return {low, begin, begin + kTokenChunk < end ? begin + kTokenChunk : end};
}
/// The part's tokens in [begin, end).
__device__ __forceinline__ TokenPart clipped(TokenPart part, std::int64_t begin, std::int64_t end) {
  part.begin = part.begin < begin ? begin : part.begin;
  part.end = part.end < end ? part.end : end;
  return part;
}

/// Place of the counts that a chunk starts from, which begins at `token`, not the first of its
/// segment: no two chunks have the same, and none is T / kTokenChunk or more.
__device__ __forceinline__ std::int64_t start_place(const std::int32_t* offsets,
                                                    int segment,
                                                    std::int64_t token) {
  return offsets[segment] / kTokenChunk + (token - offsets[segment]) / kTokenChunk - 1;
}

/// counts [W] = those of tokens [begin, end) at the last of them.
template <class T>
__device__ void count_words(
    const HistogramView<T>& p, std::int64_t begin, std::int64_t end, int c, T* counts) {
  for (int w = lane_index(); w < p.words; w += kWarp) {
    counts[w] = T(0);
  }
  T weight = 1;
  for (std::int64_t t = end - 1; t >= begin && weight >= kLeastCount<T>; --t) {
    if (p.occupancy == nullptr) {
      const int code = p.code(t, c);
      if (code % kWarp == lane_index()) {
        counts[code] += weight;
      }
    } else {
      const T* occupied = p.row(t, c);
      for (int w = lane_index(); w < p.words; w += kWarp) {
        counts[w] += weight * occupied[w];
      }
    }
    weight *= p.factor;
  }
}

/// counts [W], one token later.
template <class T>
__device__ __forceinline__ void advance_counts(
    const HistogramView<T>& p, std::int64_t token, int c, int code, T* counts) {
  const T* occupied = p.occupancy == nullptr ? nullptr : p.row(token, c);
  for (int w = lane_index(); w < p.words; w += kWarp) {
    const T addend = occupied != nullptr ? occupied[w] : w == code ? T(1) : T(0);
    counts[w] = without_least(p.factor * counts[w] + addend);
  }
}

/// alpha [W] = counts e / sum of counts e, and ratio [W] = e / sum unless it is null; e the
/// exponentials of scores[c, code].
template <class T>
__device__ void weigh_words(
    const HistogramView<T>& p, int c, int code, const T* counts, T* alpha, T* ratio) {
  const std::int64_t first = (static_cast<std::int64_t>(c) * p.words + code) * p.words;
  const T* exponentials = p.exponentials + first;
  const T* scores = p.scores + first;
  T sum = 0;
  for (int w = lane_index(); w < p.words; w += kWarp) {
    sum += counts[w] * exponentials[w];
  }
  sum = warp_sum(sum);
  const bool exact = sum < kLeastTotal<T>;
  T largest = lowest<T>();
  const auto exponential = [&](int w) {
    const T exponent = scores[w] - largest;
    return exp(exponent < kMostExponent<T> ? exponent : kMostExponent<T>);
  };
  if (exact) {
    for (int w = lane_index(); w < p.words; w += kWarp) {
      largest = counts[w] > T(0) && largest < scores[w] ? scores[w] : largest;
    }
    largest = warp_max(largest);
    sum = 0;
    for (int w = lane_index(); w < p.words; w += kWarp) {
      sum += counts[w] * exponential(w);
    }
    sum = warp_sum(sum);
  }
  const T inverse = T(1) / sum;
  for (int w = lane_index(); w < p.words; w += kWarp) {
    const T e = exact ? exponential(w) : exponentials[w];
    alpha[w] = without_least(counts[w] * e * inverse);
    if (ratio != nullptr) {
      const T most = sum / kLeastCount<T>;
      ratio[w] = (e < most ? e : most) * inverse;
    }
  }
}

}  // namespace elastic::cuda
