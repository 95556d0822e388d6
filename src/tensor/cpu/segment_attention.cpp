// Ragged multi-head softmax attention by tiles: a tile of queries against blocks of keys, scores
// kept transposed [keys, queries] so that the softmax over keys runs down columns, one vector lane
// a query.
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
// Every query of a tile sees a key of the tile's first block, so that no maximum stays -inf: that
// block begins with the window of the tile's first query.
static_assert(kKeyBlock >= kQueryTile);

template <class T>
void forward_tile(const AttentionProblem<T>& problem,
                  const T* query,
                  const T* key,
                  const T* value,
                  std::int64_t num_keys,
                  std::int64_t query_begin,
                  std::int64_t queries,
                  T* scratch,
                  T* out,
                  T* log_sum) {
  T* packed = scratch;
  T* scores = packed + packed_size<T>(problem.head_dim, kQueryTile);
  T* maximum = scores + kKeyBlock * kQueryTile;
  T* denominator = maximum + kQueryTile;
  T* block_max = denominator + kQueryTile;
  const std::int64_t width = score_columns<T>(queries);
  pack_queries(problem, query, queries, problem.scale, packed);
  std::fill(maximum, maximum + width, -std::numeric_limits<T>::infinity());
  fill_zero(denominator, width);
  for (std::int64_t i = 0; i < queries; ++i) {
    fill_zero(out + i * problem.dim, problem.head_dim);
  }
  const std::int64_t first = first_key(problem.layout, query_begin);
  const std::int64_t visible = visible_keys(problem.layout, num_keys, query_begin + queries);
  for (std::int64_t begin = first; begin < visible; begin += kKeyBlock) {
    const std::int64_t keys = std::min(kKeyBlock, visible - begin);
    scores_of_block(
        problem, key + begin * problem.dim, packed, keys, width, begin, query_begin, scores);
    std::copy(maximum, maximum + width, block_max);
    for (std::int64_t j = 0; j < keys; ++j) {
      for (std::int64_t i = 0; i < width; ++i) {
        block_max[i] = std::max(block_max[i], scores[j * width + i]);
      }
    }
    if (begin > first) {
      for (std::int64_t i = 0; i < queries; ++i) {
        const T factor = std::exp(maximum[i] - block_max[i]);
        denominator[i] *= factor;
        ArrayMap<T>(out + i * problem.dim, problem.head_dim) *= factor;
      }
    }
    std::copy(block_max, block_max + width, maximum);
    for (std::int64_t j = 0; j < keys; ++j) {
      for (std::int64_t i = 0; i < width; ++i) {
        scores[j * width + i] -= maximum[i];
      }
    }
    exp_in_place(scores, keys * width);
    add_row_sum(scores, keys, width, denominator);
    gemm_unpacked(queries,
                  problem.head_dim,
                  keys,
                  transposed<T>(scores, width),
                  value + begin * problem.dim,
                  problem.dim,
                  out,
                  problem.dim,
                  true);
  }
  const std::int64_t heads = problem.layout.num_heads;
  for (std::int64_t i = 0; i < queries; ++i) {
    if (denominator[i] > T(0)) {
      ArrayMap<T>(out + i * problem.dim, problem.head_dim) /= denominator[i];
    }
    log_sum[i * heads] = maximum[i] + std::log(denominator[i]);
  }
}

template <class T>
void forward(const kernels::SegmentAttentionForward& k) {
  const AttentionProblem<T> problem(k.layout, k.query.cols());
  const std::int64_t dim = problem.dim;
  const std::int64_t heads = k.layout.num_heads;
  const std::vector<QueryTile> tiles = query_tiles(*k.layout.queries);
  const ThreadScratch<T> scratch(packed_size<T>(problem.head_dim, kQueryTile) +
                                 (kKeyBlock + 3) * kQueryTile);
  parallel_for(static_cast<std::int64_t>(tiles.size()),
               attention_work(k.layout, problem.dim),
               [&](std::int64_t t) {
                 const QueryTile& tile = tiles[static_cast<std::size_t>(t)];
                 const std::int64_t queries = std::min<std::int64_t>(
                     kQueryTile, k.layout.queries->length(tile.segment) - tile.begin);
                 const std::int64_t first_query =
                     k.layout.queries->begin(tile.segment) + tile.begin;
                 const std::int64_t first_key = k.layout.keys->begin(tile.segment);
                 for (std::int64_t h = 0; h < heads; ++h) {
                   const std::int64_t column = h * problem.head_dim;
                   forward_tile(problem,
                                k.query.data<T>() + first_query * dim + column,
                                k.key.data<T>() + first_key * dim + column,
                                k.value.data<T>() + first_key * dim + column,
                                k.layout.keys->length(tile.segment),
                                tile.begin,
                                queries,
                                scratch.get(),
                                k.out.data<T>() + first_query * dim + column,
                                k.log_sum.data<T>() + first_query * heads + h);
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

template <class T>
void backward_head(const AttentionProblem<T>& problem,
                   const HeadPointers<T>& head,
                   std::int64_t num_queries,
                   std::int64_t num_keys,
                   T* scratch) {
  const std::int64_t dim = problem.dim;
  const std::int64_t head_dim = problem.head_dim;
  const std::int64_t heads = problem.layout.num_heads;
  const std::int64_t packed = packed_size<T>(head_dim, kQueryTile);
  T* query_packed = scratch;
  T* grad_packed = query_packed + packed;
  T* probs = grad_packed + packed;
  T* grad_scores = probs + kKeyBlock * kQueryTile;
  T* log_sum = grad_scores + kKeyBlock * kQueryTile;
  T* delta = log_sum + kQueryTile;
  for (std::int64_t j = 0; j < num_keys; ++j) {
    fill_zero(head.grad_key + j * dim, head_dim);
    fill_zero(head.grad_value + j * dim, head_dim);
  }
  for (std::int64_t query_begin = 0; query_begin < num_queries; query_begin += kQueryTile) {
    const std::int64_t queries = std::min(kQueryTile, num_queries - query_begin);
    const T* query = head.query + query_begin * dim;
    const T* grad_out = head.grad_out + query_begin * dim;
    T* grad_query = head.grad_query + query_begin * dim;
    const std::int64_t width = score_columns<T>(queries);
    fill_zero(log_sum, width);
    fill_zero(delta, width);
    pack_queries(problem, query, queries, problem.scale, query_packed);
    pack_queries(problem, grad_out, queries, T(1), grad_packed);
    for (std::int64_t i = 0; i < queries; ++i) {
      fill_zero(grad_query + i * dim, head_dim);
      log_sum[i] = head.log_sum[(query_begin + i) * heads];
      delta[i] = (ConstArrayMap<T>(grad_out + i * dim, head_dim) *
                  ConstArrayMap<T>(head.out + (query_begin + i) * dim, head_dim))
                     .sum();
    }
    const std::int64_t visible = visible_keys(problem.layout, num_keys, query_begin + queries);
    for (std::int64_t begin = first_key(problem.layout, query_begin); begin < visible;
         begin += kKeyBlock) {
      const std::int64_t keys = std::min(kKeyBlock, visible - begin);
      const T* key = head.key + begin * dim;
      scores_of_block(problem, key, query_packed, keys, width, begin, query_begin, probs);
      for (std::int64_t j = 0; j < keys; ++j) {
        for (std::int64_t i = 0; i < width; ++i) {
          probs[j * width + i] -= log_sum[i];
        }
      }
      exp_in_place(probs, keys * width);
      gemm_unpacked(keys,
                    head_dim,
                    queries,
                    row_major<T>(probs, width),
                    grad_out,
                    dim,
                    head.grad_value + begin * dim,
                    dim,
                    true);
      gemm(keys,
           width,
           head_dim,
           row_major<T>(head.value + begin * dim, dim),
           grad_packed,
           grad_scores,
           width,
           false);
      for (std::int64_t j = 0; j < keys; ++j) {
        for (std::int64_t i = 0; i < width; ++i) {
          const std::int64_t e = j * width + i;
          grad_scores[e] = probs[e] * (grad_scores[e] - delta[i]) * problem.scale;
        }
      }
      gemm_unpacked(keys,
                    head_dim,
                    queries,
                    row_major<T>(grad_scores, width),
                    query,
                    dim,
                    head.grad_key + begin * dim,
                    dim,
                    true);
      gemm_unpacked(queries,
                    head_dim,
                    keys,
                    transposed<T>(grad_scores, width),
                    key,
                    dim,
                    grad_query,
                    dim,
                    true);
    }
  }
}

template <class T>
void backward(const kernels::SegmentAttentionBackward& k) {
  const AttentionProblem<T> problem(k.layout, k.query.cols());
  const std::int64_t heads = k.layout.num_heads;
  const ThreadScratch<T> scratch(2 * packed_size<T>(problem.head_dim, kQueryTile) +
                                 (2 * kKeyBlock + 2) * kQueryTile);
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
