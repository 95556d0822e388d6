// A gated recurrent unit along segments, shared by its two directions. A block takes up to 16
// sequences of about the same length and all their steps; a warp takes 8 units at a time, the three
// gates of which stay in its registers from the product to the result. The weight is in shared
// memory if it fits, else it is read through the second-level cache.
#pragma once

#include <algorithm>

#include "base/error.h"
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "cuda/sequence_order.h"
#include "cuda/tile.cuh"
#include "tensor/segments.h"

namespace elastic::cuda {

constexpr int kGruRows = 16;  ///< sequences of a block at most: the rows of a tensor core's operand
constexpr int kGruUnits = 8;  ///< units that a warp takes at a time

// Sizes and inputs of both directions.
struct Gru {
  const std::int32_t* offsets;
  const std::int32_t* order;  ///< sequences, the longest first; null: in their order
  int batch;
  int rows;  ///< sequences of a block
  int dim;
  bool weight_shared;

  /// A gate's units in a packed weight: dim, padded with zeros.
  [[nodiscard]] __host__ __device__ int padded() const { return round_up(dim, kGruUnits); }
  /// Elements of the weight packed for forward, rows [3 padded] of D: gates on top of each other.
  [[nodiscard]] __host__ __device__ int forward_weight() const {
    return 3 * padded() * row_stride(dim);
  }
  /// And for backward, rows [padded] of 3 padded: its transpose, gates side by side.
  [[nodiscard]] __host__ __device__ int backward_weight() const {
    return padded() * row_stride(3 * padded());
  }
};

// The sequences of a block: where they begin, and how long they are (0 where there is none).
struct GruSequences {
  std::int64_t first[kGruRows];
  int length[kGruRows];
};

inline __device__ void load_gru_sequences(const Gru& p, GruSequences& sequences) {
  for (int i = thread_index(); i < kGruRows; i += num_threads()) {
    const std::int64_t place = static_cast<std::int64_t>(blockIdx.x) * p.rows + i;
    sequences.first[i] = 0;
    sequences.length[i] = 0;
    if (i < p.rows && place < p.batch) {
      const std::int64_t b = p.order == nullptr ? place : p.order[place];
      sequences.first[i] = p.offsets[b];
      sequences.length[i] = p.offsets[b + 1] - p.offsets[b];
    }
  }
}

// The packed weight at the address that the block reads; the caller adds the barrier.
template <class T>
__device__ const T* block_weight(const Gru& p, const T* packed, int size, T* shared) {
  if (!p.weight_shared) {
    return packed;
  }
  for (int i = thread_index(); i < size; i += num_threads()) {
    shared[i] = packed[i];
  }
  return shared;
}

// sums[g] = left[g] right[g], 16 rows by 8 columns each, `depth` (a multiple of 8) deep. GruElement
// e of a lane is in row lane / 4 (+ 8 from the third on), column 2 (lane % 4) + e % 2.
template <bool kTensorCores, class T>
__device__ void gate_products(const TileView<T> (&left)[3],
                              const TileView<T> (&right)[3],
                              int depth,
                              T (&sums)[3][4]) {
  const int group = lane_index() / 4;
  const int slot = lane_index() % 4;
#pragma unroll
  for (int g = 0; g < 3; ++g) {
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      sums[g][e] = T(0);
    }
  }
  if constexpr (kTensorCores) {
    for (int k = 0; k < depth; k += 8) {
#pragma unroll
      for (int g = 0; g < 3; ++g) {
        const std::uint32_t rows[4] = {to_tf32(left[g](group, k + slot)),
                                       to_tf32(left[g](group + 8, k + slot)),
                                       to_tf32(left[g](group, k + slot + 4)),
                                       to_tf32(left[g](group + 8, k + slot + 4))};
        const std::uint32_t columns[2] = {to_tf32(right[g](k + slot, group)),
                                          to_tf32(right[g](k + slot + 4, group))};
        mma_tf32(sums[g], rows, columns);
      }
    }
  } else {
#pragma unroll 2
    for (int k = 0; k < depth; ++k) {
#pragma unroll
      for (int g = 0; g < 3; ++g) {
        const T upper = left[g](group, k);
        const T lower = left[g](group + 8, k);
        const T first = right[g](k, 2 * slot);
        const T second = right[g](k, 2 * slot + 1);
        sums[g][0] += upper * first;
        sums[g][1] += upper * second;
        sums[g][2] += lower * first;
        sums[g][3] += lower * second;
      }
    }
  }
}

// The place of a lane's element e in a tile of sequences and units, the warp's units from `unit`
// on.
struct GruElement {
  int row;
  int unit;
  __device__ GruElement(int e, int first_unit)
      : row(lane_index() / 4 + (e >= 2 ? 8 : 0)),
        unit(first_unit + 2 * (lane_index() % 4) + e % 2) {}
};

template <class T>
struct GruGates {
  T reset, update, fresh;
  /// From the inputs i and g = h weight^T + bias, gate by gate.
  __device__ GruGates(T input_r, T input_z, T input_n, T sum_r, T sum_z, T sum_n)
      : reset(T(1) / (T(1) + exp(-(input_r + sum_r)))),
        update(T(1) / (T(1) + exp(-(input_z + sum_z)))),
        fresh(tanh(input_n + reset * sum_n)) {}
};

// A launch of one direction: its blocks and their shared memory.
template <class T>
struct GruPlan {
  Gru gru;
  Tensor order;
  dim3 grid;
  std::size_t shared;  ///< bytes

  /// `tiles` and `weight` in elements of shared memory.
  GruPlan(const char* op, const Segments& segments, std::int64_t dim, int tiles, int weight)
      : gru(view(segments, dim)) {
    if (gru.rows > 1) {
      order = longest_first(op, segments);
      gru.order = order.data<std::int32_t>();
    }
    grid = dim3(blocks_of(segments.size(), gru.rows));
    const std::size_t limit = runtime().shared_limit() - sizeof(GruSequences);
    const auto bytes = [](std::int64_t count) {
      return static_cast<std::size_t>(count) * sizeof(T);
    };
    if (bytes(tiles) > limit) {
      throw UsageError("cuda: ",
                       op,
                       ": the states of ",
                       dim,
                       " units do not fit into the ",
                       runtime().shared_limit() >> 10,
                       " KiB of shared memory of a block; lower --dim");
    }
    gru.weight_shared = bytes(std::int64_t{tiles} + weight) <= limit;
    shared = bytes(std::int64_t{tiles} + (gru.weight_shared ? weight : 0));
  }

  static Gru view(const Segments& segments, std::int64_t dim) {
    // Few enough sequences to a block that every multiprocessor gets one.
    const std::int64_t share =
        divide_up(segments.size(), runtime().properties().multiProcessorCount);
    return {segments.device_offsets().data<std::int32_t>(),
            nullptr,
            static_cast<int>(segments.size()),
            static_cast<int>(std::clamp<std::int64_t>(share, 1, kGruRows)),
            static_cast<int>(dim),
            false};
  }
};

}  // namespace elastic::cuda
