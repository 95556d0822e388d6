// The aggregate core of Linear Dispatcher Attention: a streaming softmax over a segment's tokens,
// each token read once. Below, Q = H k is the number of absorbed queries of a sequence.
#include "tensor/kernels/aggregate.h"

#include <limits>

#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/scratch_layout.h"
#include "tensor/cpu/segment_chunks.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// A chunk's running softmax: maxima and denominators [Q], weighted sums [Q, D].
template <class T>
struct Running {
  T* maximum;
  T* denominator;
  T* pooled;

  static std::int64_t size(std::int64_t queries, std::int64_t dim) { return queries * (dim + 2); }
  Running(T* base, std::int64_t queries)
      : maximum(base), denominator(base + queries), pooled(base + 2 * queries) {}
};

// Updates the running softmax with a tile of scores [rows, Q] and its tokens z [rows, D].
template <class T>
void accumulate_tile(T* scores,
                     const T* z,
                     std::int64_t rows,
                     std::int64_t queries,
                     std::int64_t dim,
                     bool first,
                     T* tile_max,
                     const Running<T>& run) {
  std::copy(scores, scores + queries, tile_max);
  for (std::int64_t i = 1; i < rows; ++i) {
    for (std::int64_t q = 0; q < queries; ++q) {
      tile_max[q] = std::max(tile_max[q], scores[i * queries + q]);
    }
  }
  if (first) {
    std::copy(tile_max, tile_max + queries, run.maximum);
    std::fill(run.denominator, run.denominator + queries, T(0));
  } else {
    for (std::int64_t q = 0; q < queries; ++q) {
      const T maximum = std::max(run.maximum[q], tile_max[q]);
      const T factor = std::exp(run.maximum[q] - maximum);
      run.maximum[q] = maximum;
      if (factor != T(1)) {
        run.denominator[q] *= factor;
        ArrayMap<T>(run.pooled + q * dim, dim) *= factor;
      }
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t q = 0; q < queries; ++q) {
      scores[i * queries + q] -= run.maximum[q];
    }
  }
  exp_in_place(scores, rows * queries);
  add_row_sum(scores, rows, queries, run.denominator);
  gemm_unpacked(
      queries, dim, rows, transposed<T>(scores, queries), z, dim, run.pooled, dim, !first);
}

// Merges each segment's chunks in order.
template <class T>
void join_chunks(const kernels::AggregateForward& k, const SegmentChunks& chunks, T* running) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t queries = k.log_sum.cols() * k.log_sum.shape()[1];
  const std::int64_t running_size = Running<T>::size(queries, dim);
  parallel_for(k.segments.size(), product_work(chunks.count(), queries, dim), [&](std::int64_t b) {
    for (std::int64_t q = 0; q < queries; ++q) {
      T* out = k.pooled.data<T>() + (b * queries + q) * dim;
      T maximum = -std::numeric_limits<T>::infinity();
      for (std::int64_t c = chunks.first(b); c < chunks.first(b + 1); ++c) {
        maximum = std::max(maximum, running[c * running_size + q]);
      }
      T denominator = 0;
      std::fill(out, out + dim, T(0));
      for (std::int64_t c = chunks.first(b); c < chunks.first(b + 1); ++c) {
        const Running<T> run(running + c * running_size, queries);
        const T factor = std::exp(run.maximum[q] - maximum);
        denominator += run.denominator[q] * factor;
        ArrayMap<T>(out, dim) += factor * ArrayMap<T>(run.pooled + q * dim, dim);
      }
      if (denominator > T(0)) {
        ArrayMap<T>(out, dim) /= denominator;
      }
      k.log_sum.data<T>()[b * queries + q] = maximum + std::log(denominator);
    }
  });
}

template <class T>
void forward(const kernels::AggregateForward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t queries = k.log_sum.cols() * k.log_sum.shape()[1];
  const NormView<T> norm(k.norm);
  const SegmentChunks chunks(k.segments);
  const std::int64_t running_size = Running<T>::size(queries, dim);
  Tensor running = workspace<T>(chunks.count() * running_size);
  ScratchLayout layout;
  const ScratchPart query_part = layout.part(packed_size<T>(dim, queries));
  const ScratchPart z_part = layout.part(kTokenTile * dim);
  const ScratchPart scores_part = layout.part(kTokenTile * queries);
  const ScratchPart max_part = layout.part(queries);
  const ThreadScratch<T> scratch(layout.size());

  parallel_for(chunks.count(), product_work(k.x.rows(), queries, dim), [&](std::int64_t c) {
    T* query_packed = query_part.of(scratch.get());
    T* z = z_part.of(scratch.get());
    T* scores = scores_part.of(scratch.get());
    T* tile_max = max_part.of(scratch.get());
    const SegmentChunks::Chunk& chunk = chunks[c];
    const Running<T> run(running.data<T>() + c * running_size, queries);
    pack(dim,
         queries,
         transposed(k.query.data<T>() + chunk.segment * queries * dim, dim),
         query_packed);
    for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += kTokenTile) {
      const std::int64_t rows = std::min<std::int64_t>(kTokenTile, chunk.end - begin);
      norm_rows(k.x.data<T>() + begin * dim, rows, dim, norm, z);
      gemm(rows, queries, dim, row_major<T>(z, dim), query_packed, scores, queries, false);
      accumulate_tile(scores, z, rows, queries, dim, begin == chunk.begin, tile_max, run);
    }
  });

  join_chunks(k, chunks, running.data<T>());
}

// A tile's rows [scores s, dL/dp], Q each, become [dL/ds, p]: p = exp(s - log_sum),
// dL/ds = p (dL/dp - delta).
template <class T>
void softmax_gradient(T* __restrict rows_data,
                      std::int64_t rows,
                      std::int64_t queries,
                      const T* __restrict log_sum,
                      const T* __restrict delta,
                      T* __restrict probs) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t q = 0; q < queries; ++q) {
      probs[i * queries + q] = rows_data[i * 2 * queries + q] - log_sum[q];
    }
  }
  exp_in_place(probs, rows * queries);
  for (std::int64_t i = 0; i < rows; ++i) {
    T* __restrict row = rows_data + i * 2 * queries;
    for (std::int64_t q = 0; q < queries; ++q) {
      const T prob = probs[i * queries + q];
      row[q] = prob * (row[queries + q] - delta[q]);
      row[queries + q] = prob;
    }
  }
}

// stacked [2 Q, D] = a segment's queries, from `first` on, and the gradients of their pooled rows;
// delta [Q] = the products of those gradients with the pooled rows.
template <class T>
void stack_queries(const kernels::AggregateBackward& k,
                   std::int64_t first,
                   std::int64_t queries,
                   T* stacked,
                   T* delta) {
  const std::int64_t dim = k.x.cols();
  const T* segment_query = k.query.data<T>() + first * dim;
  const T* segment_grad = k.grad_pooled.data<T>() + first * dim;
  std::copy(segment_query, segment_query + queries * dim, stacked);
  std::copy(segment_grad, segment_grad + queries * dim, stacked + queries * dim);
  for (std::int64_t q = 0; q < queries; ++q) {
    delta[q] = (ConstArrayMap<T>(segment_grad + q * dim, dim) *
                ConstArrayMap<T>(k.pooled.data<T>() + (first + q) * dim, dim))
                   .sum();
  }
}

// The queries' gradient: the sum of a segment's chunks, in order.
template <class T>
void sum_query_gradient(const kernels::AggregateBackward& k,
                        const SegmentChunks& chunks,
                        T* partials) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t queries = k.log_sum.cols() * k.log_sum.shape()[1];
  parallel_for(k.segments.size(), product_work(chunks.count(), queries, dim), [&](std::int64_t b) {
    T* out = k.grad_query.data<T>() + b * queries * dim;
    std::fill(out, out + queries * dim, T(0));
    for (std::int64_t c = chunks.first(b); c < chunks.first(b + 1); ++c) {
      ArrayMap<T>(out, queries * dim) += ArrayMap<T>(partials + c * queries * dim, queries * dim);
    }
  });
}

// With p = softmax_t(z_t . u), c = sum_t p_t z_t and g = dL/dc:
//   ds_t = p_t (g . z_t - g . c),  du = sum_t ds_t z_t,  dz_t = sum over queries of ds_t u + p_t g.
// Long because the loop over chunks and the sums after it share their partial buffers.
template <class T>
void backward(const kernels::AggregateBackward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t queries = k.log_sum.cols() * k.log_sum.shape()[1];
  const NormView<T> norm(k.norm);
  const SegmentChunks chunks(k.segments);
  // Stacks the query and the gradient of the pooled rows: one product computes scores and their
  // gradients, another the gradient of the tokens.
  const std::int64_t both = 2 * queries;
  ScratchLayout layout;
  const ScratchPart columns_part = layout.part(packed_size<T>(dim, both));
  const ScratchPart rows_part = layout.part(packed_size<T>(both, dim));
  const ScratchPart stacked_part = layout.part(both * dim);
  const ScratchPart delta_part = layout.part(queries);
  const ScratchPart z_part = layout.part(kTokenTile * dim);
  const ScratchPart grad_z_part = layout.part(kTokenTile * dim);
  const ScratchPart scores_part = layout.part(kTokenTile * both);
  const ScratchPart probs_part = layout.part(kTokenTile * queries);
  const ThreadScratch<T> scratch(layout.size());
  Tensor query_partials = workspace<T>(chunks.count() * queries * dim);
  Tensor norm_partials = workspace<T>(chunks.count() * 2 * dim);
  fill_zero(query_partials.data<T>(), query_partials.numel());
  fill_zero(norm_partials.data<T>(), norm_partials.numel());

  parallel_for(chunks.count(), product_work(k.x.rows(), queries, dim), [&](std::int64_t c) {
    T* columns = columns_part.of(scratch.get());
    T* rows_packed = rows_part.of(scratch.get());
    T* delta = delta_part.of(scratch.get());
    T* z = z_part.of(scratch.get());
    T* grad_z = grad_z_part.of(scratch.get());
    T* scores = scores_part.of(scratch.get());
    T* probs = probs_part.of(scratch.get());
    const SegmentChunks::Chunk& chunk = chunks[c];
    const std::int64_t first = chunk.segment * queries;
    stack_queries(k, first, queries, stacked_part.of(scratch.get()), delta);
    pack(dim, both, transposed<T>(stacked_part.of(scratch.get()), dim), columns);
    pack(both, dim, row_major<T>(stacked_part.of(scratch.get()), dim), rows_packed);
    const T* segment_log_sum = k.log_sum.data<T>() + first;
    T* query_partial = query_partials.data<T>() + c * queries * dim;
    T* norm_partial = norm_partials.data<T>() + c * 2 * dim;
    for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += kTokenTile) {
      const std::int64_t rows = std::min<std::int64_t>(kTokenTile, chunk.end - begin);
      const T* in = k.x.data<T>() + begin * dim;
      norm_rows(in, rows, dim, norm, z);
      gemm(rows, both, dim, row_major<T>(z, dim), columns, scores, both, false);
      softmax_gradient(scores, rows, queries, segment_log_sum, delta, probs);
      gemm_unpacked(
          queries, dim, rows, transposed<T>(scores, both), z, dim, query_partial, dim, true);
      gemm(rows, dim, both, row_major<T>(scores, both), rows_packed, grad_z, dim, false);
      norm_rows_backward<T>(in,
                            rows,
                            dim,
                            norm,
                            grad_z,
                            /*residual=*/k.grad_x.data<T>() + begin * dim,
                            k.grad_x.data<T>() + begin * dim,
                            norm_partial,
                            norm_partial + dim);
    }
  });

  sum_query_gradient(k, chunks, query_partials.data<T>());
  write_norm_gradient(norm_partials.data<T>(), chunks.count(), dim, k.grad_norm);
}

const OnCpu aggregate_forward_entry{forward<float>, forward<double>};

const OnCpu aggregate_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
