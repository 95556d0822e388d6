// Routing tokens to clusters (Roy et al. 2021): products of their directions with centroids, by
// tiles in exact float32 or float64, and the choice of the largest.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "cuda/tile.cuh"
#include "tensor/kernels/routing.h"

namespace elastic::cuda {
namespace {

constexpr int kTile = 64;          ///< tokens, and centroids, of a block's products
constexpr int kHeldFeatures = 32;  ///< features that a block holds at a time
// Elements of the products that are held at a time, at least those of one tile of centroids.
constexpr std::int64_t kScoreElements = std::int64_t{1} << 26;

template <class T>
constexpr T norm_floor() {
  return static_cast<T>(1e-12);
}

template <class T>
__device__ T row_norm(const T* x, std::int64_t dim) {
  T squares = 0;
  for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
    squares += x[j] * x[j];
  }
  return sqrt(warp_sum(squares));
}

// A warp takes a row.
template <class T>
__global__ void unit_sum_kernel(
    const T* a, const T* b, std::int64_t count, std::int64_t dim, T* out) {
  for (std::int64_t i = grid_warp(); i < count; i += grid_warps()) {
    const T* first = a + i * dim;
    const T* second = b + i * dim;
    const T first_factor = T(1) / (row_norm(first, dim) + norm_floor<T>());
    const T second_factor = T(1) / (row_norm(second, dim) + norm_floor<T>());
    for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
      out[i * dim + j] = first[j] * first_factor + second[j] * second_factor;
    }
  }
}

/// x [tokens, heads, head_dim] against centroids [heads, count, head_dim].
template <class T>
struct RoutingView {
  const T* x;
  const T* centroids;
  std::int64_t tokens;
  int heads;
  int count;
  int head_dim;
};

template <class T>
struct ScoreTiles {
  T tokens[tile_size(kTile, kHeldFeatures)];
  T centroids[tile_size(kTile, kHeldFeatures)];
  T scores[tile_size(kTile, kTile)];
};

// tiles.scores(i, c) = product of token first_token + i and centroid first_centroid + c, summed
// slice by slice; with a barrier before and after.
template <class T>
__device__ void score_tile(const RoutingView<T>& p,
                           std::int64_t first_token,
                           int head,
                           int first_centroid,
                           ScoreTiles<T>& tiles) {
  const int rows =
      p.tokens - first_token < kTile ? static_cast<int>(p.tokens - first_token) : kTile;
  const int columns = p.count - first_centroid < kTile ? p.count - first_centroid : kTile;
  const std::int64_t stride = static_cast<std::int64_t>(p.heads) * p.head_dim;
  for (int begin = 0; begin < p.head_dim; begin += kHeldFeatures) {
    const int depth = p.head_dim - begin < kHeldFeatures ? p.head_dim - begin : kHeldFeatures;
    const T* tokens = p.x + first_token * stride + head * p.head_dim + begin;
    const T* centroids = p.centroids +
                         (static_cast<std::int64_t>(head) * p.count + first_centroid) * p.head_dim +
                         begin;
    __syncthreads();
    for_each_element(kTile, kHeldFeatures, [&](int i, int j) {
      const int at = i * row_stride(kHeldFeatures) + j;
      tiles.tokens[at] = i < rows && j < depth ? tokens[i * stride + j] : T(0);
      tiles.centroids[at] = i < columns && j < depth
                                ? centroids[static_cast<std::int64_t>(i) * p.head_dim + j]
                                : T(0);
    });
    __syncthreads();
    block_product<false>(rows_of(tiles.tokens, kHeldFeatures),
                         transposed(tiles.centroids, kHeldFeatures),
                         kTile,
                         kTile,
                         kHeldFeatures,
                         [&](int i, int c, T sum) {
                           T& score = tiles.scores[i * row_stride(kTile) + c];
                           score = begin == 0 ? sum : score + sum;
                         });
  }
  __syncthreads();
}

// A block takes a tile of tokens and a head, grid (tiles, heads); a warp every eighth token. The
// order is (score, smaller index); a NaN never wins.
template <class T>
__global__ void __launch_bounds__(kThreads)
    nearest_kernel(RoutingView<T> p, std::int32_t* nearest) {
  ScoreTiles<T>& tiles = *dynamic_shared<ScoreTiles<T>>();
  const std::int64_t first_token = static_cast<std::int64_t>(blockIdx.x) * kTile;
  const int head = static_cast<int>(blockIdx.y);
  constexpr int kRows = kTile / kWarps;
  T best[kRows];
  int index[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    best[r] = lowest<T>();
    index[r] = 0;
  }
  for (int begin = 0; begin < p.count; begin += kTile) {
    const int columns = p.count - begin < kTile ? p.count - begin : kTile;
    score_tile(p, first_token, head, begin, tiles);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const T* scores = tiles.scores + (warp_index() + r * kWarps) * row_stride(kTile);
      for (int c = lane_index(); c < columns; c += kWarp) {
        if (scores[c] > best[r]) {
          best[r] = scores[c];
          index[r] = begin + c;
        }
      }
    }
  }
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    for (int mask = kWarp / 2; mask > 0; mask /= 2) {
      const T other = __shfl_xor_sync(0xFFFFFFFFU, best[r], mask);
      const int other_index = __shfl_xor_sync(0xFFFFFFFFU, index[r], mask);
      if (other > best[r] || (other == best[r] && other_index < index[r])) {
        best[r] = other;
        index[r] = other_index;
      }
    }
    const std::int64_t token = first_token + warp_index() + r * kWarps;
    if (lane_index() == 0 && token < p.tokens) {
      nearest[token * p.heads + head] = static_cast<std::int32_t>(head * p.count + index[r]);
    }
  }
}

// scores [owners, tokens] of the tiles of centroids from `first_tile` on; a tile is kTile centroids
// of one head. Grid (tiles of tokens, tiles of centroids).
template <class T>
__global__ void __launch_bounds__(kThreads)
    scores_kernel(RoutingView<T> p, int tiles_per_head, int first_tile, T* scores) {
  ScoreTiles<T>& tiles = *dynamic_shared<ScoreTiles<T>>();
  const std::int64_t first_token = static_cast<std::int64_t>(blockIdx.x) * kTile;
  const int tile = first_tile + static_cast<int>(blockIdx.y);
  const int first_centroid = tile % tiles_per_head * kTile;
  score_tile(p, first_token, tile / tiles_per_head, first_centroid, tiles);
  T* out = scores + static_cast<std::int64_t>(blockIdx.y) * kTile * p.tokens + first_token;
  for_each_element(kTile, kTile, [&](int c, int i) {
    if (first_centroid + c < p.count && first_token + i < p.tokens) {
      out[c * p.tokens + i] = tiles.scores[i * row_stride(kTile) + c];
    }
  });
}

// Bits in the order of the numbers; NaN is the least, -0 equals 0.
template <class T>
__device__ __forceinline__ std::uint64_t order_bits(T value) {
  const T number = value == value ? value + T(0) : lowest<T>();
  if constexpr (sizeof(T) == 4) {
    const std::uint32_t bits = __float_as_uint(number);
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  } else {
    const auto bits = static_cast<std::uint64_t>(__double_as_longlong(number));
    constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
  }
}

// A block takes a segment and a centroid, grid (centroids of a piece, segments from first_segment
// on): the bits of the least score taken, from the highest bit down, by counting; then the rows in
// order, of equal scores the first.
template <class T>
__global__ void __launch_bounds__(kThreads) choose_kernel(RoutingView<T> p,
                                                          int tiles_per_head,
                                                          int first_tile,
                                                          std::int64_t first_segment,
                                                          const std::int32_t* segments,
                                                          const std::int32_t* members,
                                                          const T* all_scores,
                                                          std::int32_t* rows,
                                                          std::int32_t* owners) {
  __shared__ int sums[kThreads];
  const int tile = first_tile + static_cast<int>(blockIdx.x) / kTile;
  const int head = tile / tiles_per_head;
  const int centroid = tile % tiles_per_head * kTile + static_cast<int>(blockIdx.x) % kTile;
  if (centroid >= p.count) {
    return;
  }
  const std::int64_t segment = first_segment + blockIdx.y;
  const std::int32_t begin = segments[segment];
  const std::int32_t tokens = segments[segment + 1] - begin;
  const int owner = head * p.count + centroid;
  const std::int64_t list = segment * p.heads * p.count + owner;
  std::int32_t at = members[list];
  const std::int32_t wanted = members[list + 1] - at;
  const T* scores = all_scores + static_cast<std::int64_t>(blockIdx.x) * p.tokens + begin;
  if (wanted == 0) {
    return;
  }
  const auto count = [&](const auto& holds) {
    int own = 0;
    for (std::int32_t i = thread_index(); i < tokens; i += kThreads) {
      own += holds(order_bits(scores[i])) ? 1 : 0;
    }
    return block_sum(own);
  };
  std::uint64_t least = 0;
  for (int bit = 8 * static_cast<int>(sizeof(T)) - 1; bit >= 0; --bit) {
    const std::uint64_t higher = least | std::uint64_t{1} << bit;
    if (count([&](std::uint64_t bits) { return bits >= higher; }) >= wanted) {
      least = higher;
    }
  }
  int equals = wanted - count([&](std::uint64_t bits) { return bits > least; });
  for (std::int32_t first = 0; first < tokens; first += kThreads) {
    const std::int32_t i = first + thread_index();
    const std::uint64_t bits = i < tokens ? order_bits(scores[i]) : 0;
    const bool equal = i < tokens && bits == least;
    const int equals_before = block_scan(equal ? 1 : 0, sums) - (equal ? 1 : 0);
    const int equals_here = sums[kThreads - 1];
    const bool taken = i < tokens && (bits > least || (equal && equals_before < equals));
    const int place = block_scan(taken ? 1 : 0, sums) - 1;
    if (taken) {
      rows[at + place] = (begin + i) * p.heads + head;
      owners[at + place] = owner;
    }
    at += sums[kThreads - 1];
    equals -= equals_here < equals ? equals_here : equals;
  }
}

// A warp takes a centroid.
template <class T>
__global__ void move_kernel(const T* sums,
                            const T* counts,
                            std::int64_t num_centroids,
                            std::int64_t dim,
                            double decay,
                            T* centroids) {
  const auto kept = static_cast<T>(decay);
  for (std::int64_t r = grid_warp(); r < num_centroids; r += grid_warps()) {
    const T count = counts[r];
    if (!(count > T(0))) {
      continue;
    }
    const T factor = static_cast<T>(1.0 - decay) / (T(2) * count);
    const T* sum = sums + r * dim;
    T* centroid = centroids + r * dim;
    T squares = 0;
    for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
      const T moved = kept * centroid[j] + factor * sum[j];
      squares += moved * moved;
    }
    const T norm = sqrt(warp_sum(squares));
    if (norm > T(0) && norm < -lowest<T>()) {
      for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
        centroid[j] = (kept * centroid[j] + factor * sum[j]) / norm;
      }
    }
  }
}

template <class T>
RoutingView<T> routing_view(const Tensor& x, const Tensor& centroids) {
  const Shape& shape = centroids.shape();
  return {x.data<T>(),
          centroids.data<T>(),
          x.rows() / shape[0],
          static_cast<int>(shape[0]),
          static_cast<int>(shape[1]),
          static_cast<int>(shape[2])};
}

template <class T>
void unit_sum(const kernels::UnitSum& k) {
  launch(k.kName,
         unit_sum_kernel<T>,
         row_grid(k.a.rows()),
         k.a.data<T>(),
         k.b.data<T>(),
         k.a.rows(),
         k.a.cols(),
         k.out.data<T>());
}
const OnCuda unit_sum_entry{unit_sum<float>, unit_sum<double>};

template <class T>
void nearest_centroids(const kernels::NearestCentroids& k) {
  const RoutingView<T> p = routing_view<T>(k.x, k.centroids);
  runtime().launch(k.kName,
                   nearest_kernel<T>,
                   dim3(blocks_of(p.tokens, kTile), static_cast<unsigned int>(p.heads)),
                   kThreads,
                   sizeof(ScoreTiles<T>),
                   p,
                   k.nearest.data<std::int32_t>());
}
const OnCuda nearest_centroids_entry{nearest_centroids<float>, nearest_centroids<double>};

template <class T>
void centroid_members(const kernels::CentroidMembers& k) {
  constexpr std::int64_t kMostBlocks = 65535;  // of a grid's second dimension
  const char* op = k.kName;
  const RoutingView<T> p = routing_view<T>(k.x, k.centroids);
  const auto tiles_per_head = static_cast<int>(divide_up(p.count, kTile));
  const std::int64_t tiles = std::int64_t{tiles_per_head} * p.heads;
  const std::int64_t piece =
      std::clamp<std::int64_t>(kScoreElements / std::max<std::int64_t>(1, kTile * p.tokens),
                               1,
                               std::min(tiles, kMostBlocks));
  Tensor scores = workspace<T>(piece * kTile * p.tokens);
  for (std::int64_t first = 0; first < tiles; first += piece) {
    const auto count = static_cast<unsigned int>(std::min(piece, tiles - first));
    runtime().launch(op,
                     scores_kernel<T>,
                     dim3(blocks_of(p.tokens, kTile), count),
                     kThreads,
                     sizeof(ScoreTiles<T>),
                     p,
                     tiles_per_head,
                     static_cast<int>(first),
                     scores.data<T>());
    for (std::int64_t b = 0; b < k.segments.size(); b += kMostBlocks) {
      launch(op,
             choose_kernel<T>,
             dim3(count * kTile,
                  static_cast<unsigned int>(std::min(kMostBlocks, k.segments.size() - b))),
             p,
             tiles_per_head,
             static_cast<int>(first),
             b,
             k.segments.device_offsets().data<std::int32_t>(),
             k.members.device_offsets().data<std::int32_t>(),
             scores.data<T>(),
             k.rows.data<std::int32_t>(),
             k.owners.data<std::int32_t>());
    }
  }
}
const OnCuda centroid_members_entry{centroid_members<float>, centroid_members<double>};

template <class T>
void move_centroids(const kernels::MoveCentroids& k) {
  launch(k.kName,
         move_kernel<T>,
         row_grid(k.sums.rows()),
         k.sums.data<T>(),
         k.counts.data<T>(),
         k.sums.rows(),
         k.sums.cols(),
         k.decay,
         k.centroids.data<T>());
}
const OnCuda move_centroids_entry{move_centroids<float>, move_centroids<double>};

template <class T>
__global__ void divide_rows_kernel(
    const T* x, const T* divisors, std::int64_t size, std::int64_t dim, T* out) {
  for (std::int64_t e = grid_thread(); e < size; e += grid_size()) {
    const T divisor = divisors[e / dim];
    out[e] = divisor == T(0) ? T(0) : x[e] / divisor;
  }
}

template <class T>
void divide_rows(const kernels::DivideRows& k) {
  launch(k.kName,
         divide_rows_kernel<T>,
         element_grid(k.x.numel()),
         k.x.data<T>(),
         k.divisors.data<T>(),
         k.x.numel(),
         k.x.cols(),
         k.out.data<T>());
}
const OnCuda divide_rows_entry{divide_rows<float>, divide_rows<double>};

}  // namespace
}  // namespace elastic::cuda
