// Ragged multi-head attention: structs and loads that its kernels share.
#pragma once

#include <limits>

#include "cuda/chunks.h"
#include "cuda/tile.cuh"
#include "tensor/attention_layout.h"
#include "tensor/backend.h"
#include "tensor/segments.h"

namespace elastic::cuda {

/// An AttentionLayout on the device.
struct AttentionView {
  const std::int32_t* queries;
  const std::int32_t* keys;
  int heads;
  int head_dim;
  int dim;
  int tile;  ///< queries, and keys, that a block takes at a time
  bool causal;
  int window;    ///< causal: how far back a query sees, at least 1
  double scale;  ///< 1 / sqrt(head_dim)

  /// Whether query i sees key j.
  __device__ bool sees(int i, int j) const { return !causal || (j <= i && i - j <= window); }
  /// The first key that queries from `begin` on see.
  __device__ int first_key(int begin) const {
    return causal && begin > window ? begin - window : 0;
  }
  /// The end of the queries, of `count`, that see keys before `end`.
  __device__ int query_end(int count, int end) const {
    return causal && count - end > window ? end + window : count;
  }
  /// Keys that the queries before `end` see, of `count`.
  __device__ int visible(int count, int end) const { return causal && end < count ? end : count; }
};

/// The block's segment, head and ranges; grid (segments, tiles, heads).
struct AttentionPlace {
  int head;
  std::int64_t first_query;
  std::int64_t first_key;
  int num_queries;
  int num_keys;
  int begin;  ///< of the block's tile, within the segment
  std::int64_t segment;
};

__device__ __forceinline__ AttentionPlace attention_place(const AttentionView& p) {
  const int b = static_cast<int>(blockIdx.x);
  return {static_cast<int>(blockIdx.z),
          p.queries[b],
          p.keys[b],
          p.queries[b + 1] - p.queries[b],
          p.keys[b + 1] - p.keys[b],
          static_cast<int>(blockIdx.y) * p.tile,
          b};
}

/// Rows [begin, begin + count) of one head of a [tokens, dim] matrix into a tile, zeros past them.
template <class T>
__device__ void load_head_tile(const AttentionView& p,
                               const T* source,
                               std::int64_t first,
                               int begin,
                               int count,
                               int head,
                               T* target,
                               T factor = T(1)) {
  load_tile(source + (first + begin) * p.dim + head * p.head_dim,
            p.dim,
            count,
            p.head_dim,
            target,
            factor);
  clear_rows(target, p.head_dim, count, p.tile);
}

/// sums [count, Dh] += left right, with `right` a tile [p.tile, Dh].
template <bool kTensorCores, class T>
__device__ __forceinline__ void add_product(
    const AttentionView& p, const TileView<T>& left, const T* right, int count, T* sums) {
  const int stride = row_stride(p.head_dim);
  block_product<kTensorCores>(
      left, rows_of(right, p.head_dim), count, p.head_dim, p.tile, [&](int i, int j, T sum) {
        sums[i * stride + j] += sum;
      });
}

inline AttentionView view_of(const AttentionLayout& layout, std::int64_t dim) {
  AttentionView p{};
  p.queries = layout.queries->device_offsets().data<std::int32_t>();
  p.keys = layout.keys->device_offsets().data<std::int32_t>();
  p.heads = static_cast<int>(layout.num_heads);
  p.dim = static_cast<int>(dim);
  p.head_dim = p.dim / p.heads;
  p.causal = layout.causal;
  constexpr std::int64_t kAll = std::numeric_limits<int>::max();
  p.window = static_cast<int>(layout.window > 0 ? std::min(layout.window, kAll) : kAll);
  p.scale = 1.0 / sqrt(static_cast<double>(p.head_dim));
  return p;
}

/// Sets the tile to the largest whose layout, size(tile) elements of T, fits.
template <class T, class Size>
void choose_tile(const char* op, AttentionView& p, const Size& size) {
  int unused = 0;
  choose_tiles<T>(
      op, p.head_dim, p.head_dim, unused, p.tile, [&](int, int tile) { return size(tile); });
}

/// One block for each tile of each segment's `tokens`, and head.
inline dim3 attention_grid(const AttentionView& p, const Segments& tokens) {
  return dim3(static_cast<unsigned int>(tokens.size()),
              blocks_of(std::max(tokens.max_length(), 1), p.tile),
              static_cast<unsigned int>(p.heads));
}

}  // namespace elastic::cuda
