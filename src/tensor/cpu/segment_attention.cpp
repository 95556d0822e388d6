// Ragged multi-head softmax attention by tiles: a tile of queries against blocks of keys, scores
// kept transposed [keys, queries] so that the softmax over keys runs down columns, one vector lane
// per query.
#include "tensor/kernels/segment_attention.h"

#include <limits>

#include "tensor/cpu/attention_tile.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kKeyBlock = 256;
// Every query of a tile sees a key in the tile's first block, which begins with the window of the
// tile's first query. Therefore no maximum stays -inf.
static_assert(kKeyBlock >= kQueryTile);

// One head of a tile of queries, and of its segment's keys.
template <class T>
struct TilePointers {
  const T* query;
  const T* key;
  const T* value;
  T* out;
  T* log_sum;
};

// The running softmax of a tile's queries, [queries] each, with a block's scores.
template <class T>
struct RunningSoftmax {
  T* scores;
  T* maximum;
  T* denominator;
  T* block_max;

  static constexpr std::int64_t kSize = (kKeyBlock + 3) * kQueryTile;
  explicit RunningSoftmax(T* base)
      : scores(base),
        maximum(scores + kKeyBlock * kQueryTile),
        denominator(maximum + kQueryTile),
        block_max(denominator + kQueryTile) {}
};

// Updates the maxima and denominators with a block of scores [keys, width], and rescales `out`
// unless the block is the first. The scores become exponentials.
template <class T>
void accumulate_block(const AttentionProblem<T>& problem,
                      const RunningSoftmax<T>& run,
                      std::int64_t keys,
                      std::int64_t width,
                      std::int64_t queries,
                      bool first,
                      T* out) {
  std::copy(run.maximum, run.maximum + width, run.block_max);
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < width; ++i) {
      run.block_max[i] = std::max(run.block_max[i], run.scores[j * width + i]);
    }
  }
  if (!first) {
    for (std::int64_t i = 0; i < queries; ++i) {
      const T factor = std::exp(run.maximum[i] - run.block_max[i]);
      run.denominator[i] *= factor;
      ArrayMap<T>(out + i * problem.dim, problem.head_dim) *= factor;
    }
  }
  std::copy(run.block_max, run.block_max + width, run.maximum);
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < width; ++i) {
      run.scores[j * width + i] -= run.maximum[i];
    }
  }
  exp_in_place(run.scores, keys * width);
  add_row_sum(run.scores, keys, width, run.denominator);
}

// Computes `queries` queries, starting at number `query_begin`, of a segment with `num_keys` keys.
template <class T>
void forward_tile(const AttentionProblem<T>& problem,
                  const TilePointers<T>& tile,
                  std::int64_t num_keys,
                  std::int64_t query_begin,
                  std::int64_t queries,
                  T* scratch) {
  T* packed = scratch;
  const RunningSoftmax<T> run(packed + packed_size<T>(problem.head_dim, kQueryTile));
  const std::int64_t width = score_columns<T>(queries);
  pack_queries(problem, tile.query, queries, problem.scale, packed);
  std::fill(run.maximum, run.maximum + width, -std::numeric_limits<T>::infinity());
  fill_zero(run.denominator, width);
  for (std::int64_t i = 0; i < queries; ++i) {
    fill_zero(tile.out + i * problem.dim, problem.head_dim);
  }
  const std::int64_t first = first_key(problem.layout, query_begin);
  const std::int64_t visible = visible_keys(problem.layout, num_keys, query_begin + queries);
  for (std::int64_t begin = first; begin < visible; begin += kKeyBlock) {
    const std::int64_t keys = std::min(kKeyBlock, visible - begin);
    const T* key = tile.key + begin * problem.dim;
    scores_of_block(problem, key, packed, keys, width, begin, query_begin, run.scores);
    accumulate_block(problem, run, keys, width, queries, begin == first, tile.out);
    gemm_unpacked(queries,
                  problem.head_dim,
                  keys,
                  transposed<T>(run.scores, width),
                  tile.value + begin * problem.dim,
                  problem.dim,
                  tile.out,
                  problem.dim,
                  true);
  }
  const std::int64_t heads = problem.layout.num_heads;
  for (std::int64_t i = 0; i < queries; ++i) {
    if (run.denominator[i] > T(0)) {
      ArrayMap<T>(tile.out + i * problem.dim, problem.head_dim) /= run.denominator[i];
    }
    tile.log_sum[i * heads] = run.maximum[i] + std::log(run.denominator[i]);
  }
}

template <class T>
void forward(const kernels::SegmentAttentionForward& k) {
  const AttentionProblem<T> problem(k.layout, k.query.cols());
  const std::int64_t dim = problem.dim;
  const std::int64_t heads = k.layout.num_heads;
  const std::vector<QueryTile> tiles = query_tiles(*k.layout.queries);
  const ThreadScratch<T> scratch(packed_size<T>(problem.head_dim, kQueryTile) +
                                 RunningSoftmax<T>::kSize);
  const auto count = static_cast<std::int64_t>(tiles.size());
  parallel_for(count, attention_work(k.layout, problem.dim), [&](std::int64_t t) {
    const QueryTile& tile = tiles[static_cast<std::size_t>(t)];
    const std::int64_t queries =
        std::min<std::int64_t>(kQueryTile, k.layout.queries->length(tile.segment) - tile.begin);
    const std::int64_t first_query = k.layout.queries->begin(tile.segment) + tile.begin;
    const std::int64_t first_key = k.layout.keys->begin(tile.segment);
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t column = h * problem.head_dim;
      const TilePointers<T> head{k.query.data<T>() + first_query * dim + column,
                                 k.key.data<T>() + first_key * dim + column,
                                 k.value.data<T>() + first_key * dim + column,
                                 k.out.data<T>() + first_query * dim + column,
                                 k.log_sum.data<T>() + first_query * heads + h};
      forward_tile(
          problem, head, k.layout.keys->length(tile.segment), tile.begin, queries, scratch.get());
    }
  });
}

// One head of one segment. With P = softmax(scores), g = dL/dout:
//   dV = P^T g,  dS = P (g V^T - sum(g out)) scale,  dQ = dS K,  dK = dS^T Q.
template <class T>
struct HeadPointers {
  const T* query;
  const T* key;
  const T* value;
  const T* out;
  const T* log_sum;
  const T* grad_out;
  T* grad_query;
  T* grad_key;
  T* grad_value;
};

// A thread's buffers for a tile of queries, and for the tile with a block of keys.
template <class T>
struct BackwardScratch {
  T* query_packed;
  T* grad_packed;
  T* probs;
  T* grad_scores;
  T* log_sum;
  T* delta;

  static std::int64_t size(std::int64_t head_dim) {
    return 2 * packed_size<T>(head_dim, kQueryTile) + (2 * kKeyBlock + 2) * kQueryTile;
  }
  BackwardScratch(T* base, std::int64_t head_dim)
      : query_packed(base),
        grad_packed(query_packed + packed_size<T>(head_dim, kQueryTile)),
        probs(grad_packed + packed_size<T>(head_dim, kQueryTile)),
        grad_scores(probs + kKeyBlock * kQueryTile),
        log_sum(grad_scores + kKeyBlock * kQueryTile),
        delta(log_sum + kQueryTile) {}
};

// Prepares the data that a tile uses with every block; here `head` begins with the tile's queries.
template <class T>
void start_tile(const AttentionProblem<T>& problem,
                const HeadPointers<T>& head,
                std::int64_t queries,
                const BackwardScratch<T>& scratch) {
  const std::int64_t dim = problem.dim;
  const std::int64_t head_dim = problem.head_dim;
  const std::int64_t width = score_columns<T>(queries);
  fill_zero(scratch.log_sum, width);
  fill_zero(scratch.delta, width);
  pack_queries(problem, head.query, queries, problem.scale, scratch.query_packed);
  pack_queries(problem, head.grad_out, queries, T(1), scratch.grad_packed);
  for (std::int64_t i = 0; i < queries; ++i) {
    fill_zero(head.grad_query + i * dim, head_dim);
    scratch.log_sum[i] = head.log_sum[i * problem.layout.num_heads];
    scratch.delta[i] = (ConstArrayMap<T>(head.grad_out + i * dim, head_dim) *
                        ConstArrayMap<T>(head.out + i * dim, head_dim))
                           .sum();
  }
}

// scratch.probs, scores [keys, width], become probabilities.
template <class T>
void probabilities(std::int64_t keys, std::int64_t width, const BackwardScratch<T>& scratch) {
  T* probs = scratch.probs;
  const T* log_sum = scratch.log_sum;
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < width; ++i) {
      probs[j * width + i] -= log_sum[i];
    }
  }
  exp_in_place(probs, keys * width);
}

// scratch.grad_scores, dL/dP, becomes dL/dS.
template <class T>
void score_gradients(const AttentionProblem<T>& problem,
                     std::int64_t keys,
                     std::int64_t width,
                     const BackwardScratch<T>& scratch) {
  const T* probs = scratch.probs;
  const T* delta = scratch.delta;
  T* grad_scores = scratch.grad_scores;
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < width; ++i) {
      const std::int64_t e = j * width + i;
      grad_scores[e] = probs[e] * (grad_scores[e] - delta[i]) * problem.scale;
    }
  }
}

// Processes the tile's queries with `keys` keys, starting at `begin`; `head` begins with the tile's
// queries.
template <class T>
void backward_block(const AttentionProblem<T>& problem,
                    const HeadPointers<T>& head,
                    std::int64_t query_begin,
                    std::int64_t queries,
                    std::int64_t begin,
                    std::int64_t keys,
                    const BackwardScratch<T>& scratch) {
  const std::int64_t dim = problem.dim;
  const std::int64_t head_dim = problem.head_dim;
  const std::int64_t width = score_columns<T>(queries);
  const T* key = head.key + begin * dim;
  // sum [keys, D/H] += scores [keys, queries] rows [queries, D/H]
  const auto add_to_keys = [&](const T* scores, const T* rows, T* sum) {
    gemm_unpacked(keys, head_dim, queries, row_major<T>(scores, width), rows, dim, sum, dim, true);
  };
  scores_of_block(
      problem, key, scratch.query_packed, keys, width, begin, query_begin, scratch.probs);
  probabilities(keys, width, scratch);
  add_to_keys(scratch.probs, head.grad_out, head.grad_value + begin * dim);
  gemm(keys,
       width,
       head_dim,
       row_major<T>(head.value + begin * dim, dim),
       scratch.grad_packed,
       scratch.grad_scores,
       width,
       false);
  score_gradients(problem, keys, width, scratch);
  add_to_keys(scratch.grad_scores, head.query, head.grad_key + begin * dim);
  gemm_unpacked(queries,
                head_dim,
                keys,
                transposed<T>(scratch.grad_scores, width),
                key,
                dim,
                head.grad_query,
                dim,
                true);
}

template <class T>
void backward_head(const AttentionProblem<T>& problem,
                   const HeadPointers<T>& head,
                   std::int64_t num_queries,
                   std::int64_t num_keys,
                   T* base) {
  const std::int64_t dim = problem.dim;
  const BackwardScratch<T> scratch(base, problem.head_dim);
  for (std::int64_t j = 0; j < num_keys; ++j) {
    fill_zero(head.grad_key + j * dim, problem.head_dim);
    fill_zero(head.grad_value + j * dim, problem.head_dim);
  }
  for (std::int64_t query_begin = 0; query_begin < num_queries; query_begin += kQueryTile) {
    const std::int64_t queries = std::min(kQueryTile, num_queries - query_begin);
    HeadPointers<T> tile = head;
    tile.query += query_begin * dim;
    tile.out += query_begin * dim;
    tile.log_sum += query_begin * problem.layout.num_heads;
    tile.grad_out += query_begin * dim;
    tile.grad_query += query_begin * dim;
    start_tile(problem, tile, queries, scratch);
    const std::int64_t visible = visible_keys(problem.layout, num_keys, query_begin + queries);
    for (std::int64_t begin = first_key(problem.layout, query_begin); begin < visible;
         begin += kKeyBlock) {
      const std::int64_t keys = std::min(kKeyBlock, visible - begin);
      backward_block(problem, tile, query_begin, queries, begin, keys, scratch);
    }
  }
}

template <class T>
void backward(const kernels::SegmentAttentionBackward& k) {
  const AttentionProblem<T> problem(k.layout, k.query.cols());
  const std::int64_t heads = k.layout.num_heads;
  const ThreadScratch<T> scratch(BackwardScratch<T>::size(problem.head_dim));
  parallel_for(
      k.layout.queries->size() * heads,
      attention_work(k.layout, problem.dim),
      [&](std::int64_t unit) {
        const std::int64_t b = unit / heads;
        const std::int64_t h = unit % heads;
        const std::int64_t query_at =
            k.layout.queries->begin(b) * problem.dim + h * problem.head_dim;
        const std::int64_t key_at = k.layout.keys->begin(b) * problem.dim + h * problem.head_dim;
        const HeadPointers<T> head{k.query.data<T>() + query_at,
                                   k.key.data<T>() + key_at,
                                   k.value.data<T>() + key_at,
                                   k.out.data<T>() + query_at,
                                   k.log_sum.data<T>() + k.layout.queries->begin(b) * heads + h,
                                   k.grad_out.data<T>() + query_at,
                                   k.grad_query.data<T>() + query_at,
                                   k.grad_key.data<T>() + key_at,
                                   k.grad_value.data<T>() + key_at};
        backward_head(
            problem, head, k.layout.queries->length(b), k.layout.keys->length(b), scratch.get());
      });
}

const OnCpu segment_attention_forward_entry{forward<float>, forward<double>};

const OnCpu segment_attention_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
