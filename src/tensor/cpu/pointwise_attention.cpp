// Ragged attention with pointwise SiLU weights by tiles: a tile of queries against blocks of keys,
// scores kept transposed [keys, queries]. Distances grow by one from query to query, so the
// position biases of a key, and their gradients, are contiguous.
#include "tensor/kernels/pointwise_attention.h"

#include <bit>

#include "tensor/cpu/attention_tile.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/silu.h"
#include "tensor/cpu/tile.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kPointwiseKeys = 256;
constexpr std::int64_t kBuckets = 32;

std::int64_t bucket_of(std::int32_t seconds) {
  return std::bit_width(static_cast<std::uint32_t>(std::max(seconds, 0)) + 1U) - 1;
}

// The sizes and biases of a kernel.
template <class T>
struct PointwiseProblem {
  const AttentionLayout& layout;
  std::int64_t dim;
  std::int64_t head_dim;
  T scale;
  const T* position;
  const T* time;  // null: no time bias
  const std::int32_t* seconds;
  const std::int32_t* query_seconds;

  template <class Kernel>
  explicit PointwiseProblem(const Kernel& k)
      : layout(k.layout),
        dim(k.query.cols()),
        head_dim(dim / k.layout.num_heads),
        scale(static_cast<T>(k.scale)),
        position(k.bias.position.template data<T>()),
        time(k.bias.time.defined() ? k.bias.time.template data<T>() : nullptr),
        seconds(time != nullptr ? k.bias.seconds.template data<std::int32_t>() : nullptr),
        query_seconds(time != nullptr ? k.bias.query_seconds.template data<std::int32_t>()
                                      : nullptr) {}
};

// A tile of queries, at `place` and after in their segment, against keys from `begin` on.
struct PointwiseBlock {
  std::int64_t first_key;  // of the segment, among all tokens
  std::int64_t place;
  std::int64_t queries;
  std::int64_t width;  // columns of the scores
  std::int64_t begin;
  std::int64_t keys;

  // The first query of the tile that sees key j of the block.
  [[nodiscard]] std::int64_t first_query(std::int64_t j) const {
    return std::clamp<std::int64_t>(begin + j - place, 0, queries);
  }
};

// body(j, i, index of scores, distance) for all pairs that see each other.
template <class Body>
void for_each_pair(const PointwiseBlock& block, const Body& body) {
  for (std::int64_t j = 0; j < block.keys; ++j) {
    for (std::int64_t i = block.first_query(j); i < block.queries; ++i) {
      body(j, i, j * block.width + i, block.place + i - block.begin - j);
    }
  }
}

template <class T>
std::int64_t bucket_of_pair(const PointwiseProblem<T>& problem,
                            const PointwiseBlock& block,
                            std::int64_t j,
                            std::int64_t i) {
  return bucket_of(problem.query_seconds[block.first_key + block.place + i] -
                   problem.seconds[block.first_key + block.begin + j]);
}

// scores [keys, width] = K Q^T + biases; those of pairs that do not see each other are unspecified.
template <class T>
void biased_scores(const PointwiseProblem<T>& problem,
                   const PointwiseBlock& block,
                   const T* key,
                   const T* query_packed,
                   T* scores) {
  gemm(block.keys,
       block.width,
       problem.head_dim,
       row_major<T>(key, problem.dim),
       query_packed,
       scores,
       block.width,
       false);
  for_each_pair(block, [&](std::int64_t, std::int64_t, std::int64_t e, std::int64_t distance) {
    scores[e] += problem.position[distance];
  });
  if (problem.time != nullptr) {
    for_each_pair(block, [&](std::int64_t j, std::int64_t i, std::int64_t e, std::int64_t) {
      scores[e] += problem.time[bucket_of_pair(problem, block, j, i)];
    });
  }
}

// Zeros for the pairs that do not see each other, and for padded columns.
template <class T>
void clear_unseen(const PointwiseBlock& block, T* scores) {
  for (std::int64_t j = 0; j < block.keys; ++j) {
    T* row = scores + j * block.width;
    std::fill(row, row + block.first_query(j), T(0));
    std::fill(row + block.queries, row + block.width, T(0));
  }
}

template <class T>
void pack_rows(const PointwiseProblem<T>& problem, const T* rows, std::int64_t queries, T* packed) {
  pack(problem.head_dim, queries, transposed<T>(rows, problem.dim), packed);
}

// One head of a tile of queries; `key` and `value` begin with the segment's.
template <class T>
void forward_tile(const PointwiseProblem<T>& problem,
                  PointwiseBlock block,
                  const T* query,
                  const T* key,
                  const T* value,
                  T* out,
                  T* scratch) {
  T* packed = scratch;
  T* scores = packed + packed_size<T>(problem.head_dim, kQueryTile);
  T* sigmas = scores + kPointwiseKeys * kQueryTile;
  pack_rows(problem, query, block.queries, packed);
  for (std::int64_t i = 0; i < block.queries; ++i) {
    fill_zero(out + i * problem.dim, problem.head_dim);
  }
  const std::int64_t visible = block.place + block.queries;
  for (block.begin = 0; block.begin < visible; block.begin += kPointwiseKeys) {
    block.keys = std::min(kPointwiseKeys, visible - block.begin);
    const std::int64_t at = block.begin * problem.dim;
    biased_scores(problem, block, key + at, packed, scores);
    clear_unseen(block, scores);
    sigmoid(scores, block.keys * block.width, sigmas);
    for (std::int64_t e = 0; e < block.keys * block.width; ++e) {
      scores[e] *= sigmas[e] * problem.scale;
    }
    gemm_unpacked(block.queries,
                  problem.head_dim,
                  block.keys,
                  transposed<T>(scores, block.width),
                  value + at,
                  problem.dim,
                  out,
                  problem.dim,
                  true);
  }
}

template <class T>
void pointwise_forward(const kernels::PointwiseAttentionForward& k) {
  const PointwiseProblem<T> problem(k);
  const std::vector<QueryTile> tiles = query_tiles(*k.layout.queries);
  const ThreadScratch<T> scratch(packed_size<T>(problem.head_dim, kQueryTile) +
                                 2 * kPointwiseKeys * kQueryTile);
  const auto count = static_cast<std::int64_t>(tiles.size());
  parallel_for(count, attention_work(k.layout, problem.dim), [&](std::int64_t t) {
    const auto [b, begin] = tiles[static_cast<std::size_t>(t)];
    const std::int64_t length = k.layout.queries->length(b);
    const std::int64_t queries = std::min(kQueryTile, length - begin);
    const std::int64_t first_key = k.layout.keys->begin(b);
    const std::int64_t place = k.layout.keys->length(b) - length + begin;
    const std::int64_t query_at = (k.layout.queries->begin(b) + begin) * problem.dim;
    for (std::int64_t h = 0; h < k.layout.num_heads; ++h) {
      const std::int64_t column = h * problem.head_dim;
      forward_tile(problem,
                   {first_key, place, queries, score_columns<T>(queries), 0, 0},
                   k.query.data<T>() + query_at + column,
                   k.key.data<T>() + first_key * problem.dim + column,
                   k.value.data<T>() + first_key * problem.dim + column,
                   k.out.data<T>() + query_at + column,
                   scratch.get());
    }
  });
}
const OnCpu pointwise_forward_entry{pointwise_forward<float>, pointwise_forward<double>};

// One head of one segment: its rows, and its sums for the biases.
template <class T>
struct PointwisePointers {
  const T* query;
  const T* key;
  const T* value;
  const T* grad_out;
  T* grad_query;
  T* grad_key;
  T* grad_value;
  T* position;  // [longest segment]
  T* time;      // [32]
};

template <class T>
struct PointwiseScratch {
  T* query_packed;
  T* grad_packed;
  T* weights;
  T* sigmas;
  T* grad_scores;

  static std::int64_t size(std::int64_t head_dim) {
    return 2 * packed_size<T>(head_dim, kQueryTile) + 3 * kPointwiseKeys * kQueryTile;
  }
  PointwiseScratch(T* base, std::int64_t head_dim)
      : query_packed(base),
        grad_packed(query_packed + packed_size<T>(head_dim, kQueryTile)),
        weights(grad_packed + packed_size<T>(head_dim, kQueryTile)),
        sigmas(weights + kPointwiseKeys * kQueryTile),
        grad_scores(sigmas + kPointwiseKeys * kQueryTile) {}
};

// scratch.weights, the scores S, become silu(S) scale; scratch.grad_scores, dL/dW / scale, become
// dL/dS.
template <class T>
void weight_gradients(const PointwiseProblem<T>& problem,
                      const PointwiseBlock& block,
                      const PointwiseScratch<T>& scratch) {
  const std::int64_t count = block.keys * block.width;
  sigmoid(scratch.weights, count, scratch.sigmas);
  for (std::int64_t e = 0; e < count; ++e) {
    const T score = scratch.weights[e];
    const T sigma = scratch.sigmas[e];
    scratch.weights[e] = score * sigma * problem.scale;
    scratch.grad_scores[e] *= silu_gradient(score, sigma) * problem.scale;
  }
  clear_unseen(block, scratch.grad_scores);
}

template <class T>
void add_bias_gradients(const PointwiseProblem<T>& problem,
                        const PointwiseBlock& block,
                        const T* grad_scores,
                        const PointwisePointers<T>& head) {
  for_each_pair(block, [&](std::int64_t, std::int64_t, std::int64_t e, std::int64_t distance) {
    head.position[distance] += grad_scores[e];
  });
  if (problem.time != nullptr) {
    for_each_pair(block, [&](std::int64_t j, std::int64_t i, std::int64_t e, std::int64_t) {
      head.time[bucket_of_pair(problem, block, j, i)] += grad_scores[e];
    });
  }
}

// A tile, whose queries `tile` begins with, against a block of keys.
template <class T>
void backward_block(const PointwiseProblem<T>& problem,
                    const PointwiseBlock& block,
                    const PointwisePointers<T>& tile,
                    const PointwiseScratch<T>& scratch) {
  const std::int64_t dim = problem.dim;
  const std::int64_t head_dim = problem.head_dim;
  const std::int64_t at = block.begin * dim;
  // sum [keys, D/H] += scores [keys, queries] rows [queries, D/H]
  const auto add_to_keys = [&](const T* scores, const T* rows, T* sum) {
    gemm_unpacked(block.keys,
                  head_dim,
                  block.queries,
                  row_major<T>(scores, block.width),
                  rows,
                  dim,
                  sum + at,
                  dim,
                  true);
  };
  biased_scores(problem, block, tile.key + at, scratch.query_packed, scratch.weights);
  clear_unseen(block, scratch.weights);
  gemm(block.keys,
       block.width,
       head_dim,
       row_major<T>(tile.value + at, dim),
       scratch.grad_packed,
       scratch.grad_scores,
       block.width,
       false);
  weight_gradients(problem, block, scratch);
  add_to_keys(scratch.weights, tile.grad_out, tile.grad_value);
  add_to_keys(scratch.grad_scores, tile.query, tile.grad_key);
  gemm_unpacked(block.queries,
                head_dim,
                block.keys,
                transposed<T>(scratch.grad_scores, block.width),
                tile.key + at,
                dim,
                tile.grad_query,
                dim,
                true);
  add_bias_gradients(problem, block, scratch.grad_scores, tile);
}

template <class T>
void backward_head(const PointwiseProblem<T>& problem,
                   const PointwisePointers<T>& head,
                   std::int64_t b,
                   T* base) {
  const PointwiseScratch<T> scratch(base, problem.head_dim);
  const std::int64_t num_keys = problem.layout.keys->length(b);
  const std::int64_t num_queries = problem.layout.queries->length(b);
  for (std::int64_t j = 0; j < num_keys; ++j) {
    fill_zero(head.grad_key + j * problem.dim, problem.head_dim);
    fill_zero(head.grad_value + j * problem.dim, problem.head_dim);
  }
  for (std::int64_t begin = 0; begin < num_queries; begin += kQueryTile) {
    const std::int64_t queries = std::min(kQueryTile, num_queries - begin);
    PointwisePointers<T> tile = head;
    tile.query += begin * problem.dim;
    tile.grad_out += begin * problem.dim;
    tile.grad_query += begin * problem.dim;
    pack_rows(problem, tile.query, queries, scratch.query_packed);
    pack_rows(problem, tile.grad_out, queries, scratch.grad_packed);
    for (std::int64_t i = 0; i < queries; ++i) {
      fill_zero(tile.grad_query + i * problem.dim, problem.head_dim);
    }
    PointwiseBlock block{problem.layout.keys->begin(b),
                         num_keys - num_queries + begin,
                         queries,
                         score_columns<T>(queries),
                         0,
                         0};
    const std::int64_t visible = block.place + queries;
    for (; block.begin < visible; block.begin += kPointwiseKeys) {
      block.keys = std::min(kPointwiseKeys, visible - block.begin);
      backward_block(problem, block, tile, scratch);
    }
  }
}

// Sums the units' rows [units, distances + 32] of bias gradients, in order.
template <class T>
void sum_bias_gradients(const kernels::PointwiseAttentionBackward& k,
                        const T* sums,
                        std::int64_t units,
                        std::int64_t distances) {
  fill_zero(k.grad_position.data<T>(), k.grad_position.numel());
  if (k.grad_time.defined()) {
    fill_zero(k.grad_time.data<T>(), kBuckets);
  }
  for (std::int64_t unit = 0; unit < units; ++unit) {
    const T* row = sums + unit * (distances + kBuckets);
    add_scaled(row, T(1), distances, k.grad_position.data<T>());
    if (k.grad_time.defined()) {
      add_scaled(row + distances, T(1), kBuckets, k.grad_time.data<T>());
    }
  }
}

template <class T>
void pointwise_backward(const kernels::PointwiseAttentionBackward& k) {
  const PointwiseProblem<T> problem(k);
  const std::int64_t heads = k.layout.num_heads;
  const std::int64_t units = k.layout.queries->size() * heads;
  const std::int64_t distances = k.layout.keys->max_length();
  const ThreadScratch<T> scratch(PointwiseScratch<T>::size(problem.head_dim));
  Tensor sums = workspace<T>(units * (distances + kBuckets));
  fill_elements(sums, 0.0);
  parallel_for(units, attention_work(k.layout, problem.dim), [&](std::int64_t unit) {
    const std::int64_t b = unit / heads;
    const std::int64_t column = unit % heads * problem.head_dim;
    const std::int64_t query_at = k.layout.queries->begin(b) * problem.dim + column;
    const std::int64_t key_at = k.layout.keys->begin(b) * problem.dim + column;
    T* row = sums.data<T>() + unit * (distances + kBuckets);
    const PointwisePointers<T> head{k.query.data<T>() + query_at,
                                    k.key.data<T>() + key_at,
                                    k.value.data<T>() + key_at,
                                    k.grad_out.data<T>() + query_at,
                                    k.grad_query.data<T>() + query_at,
                                    k.grad_key.data<T>() + key_at,
                                    k.grad_value.data<T>() + key_at,
                                    row,
                                    row + distances};
    backward_head(problem, head, b, scratch.get());
  });
  sum_bias_gradients(k, sums.data<T>(), units, distances);
}
const OnCpu pointwise_backward_entry{pointwise_backward<float>, pointwise_backward<double>};

}  // namespace
}  // namespace elastic::cpu
