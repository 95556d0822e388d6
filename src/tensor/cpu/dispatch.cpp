// The dispatch core of Linear Dispatcher Attention with its norm, bias, dropout and residual: every
// token reads its sequence's experts. Below, Q = H k columns of scores, k adjacent ones a head.
#include "tensor/kernels/dispatch.h"

#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/segment_chunks.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// Softmax over each group of `experts` adjacent columns.
template <class T>
void softmax_groups(T* scores, std::int64_t groups, std::int64_t experts) {
  for (std::int64_t g = 0; g < groups; ++g) {
    T* score = scores + g * experts;
    T maximum = score[0];
    for (std::int64_t i = 1; i < experts; ++i) {
      maximum = std::max(maximum, score[i]);
    }
    for (std::int64_t i = 0; i < experts; ++i) {
      score[i] -= maximum;
    }
  }
  exp_in_place(scores, groups * experts);
  for (std::int64_t g = 0; g < groups; ++g) {
    T* score = scores + g * experts;
    T sum = 0;
    for (std::int64_t i = 0; i < experts; ++i) {
      sum += score[i];
    }
    const T inverse = T(1) / sum;
    for (std::int64_t i = 0; i < experts; ++i) {
      score[i] *= inverse;
    }
  }
}

// grad [groups, experts]: from dL/dp to dL/ds = p (dL/dp - sum p dL/dp).
template <class T>
void softmax_groups_backward(const T* probs, std::int64_t groups, std::int64_t experts, T* grad) {
  for (std::int64_t g = 0; g < groups; ++g) {
    const T* prob = probs + g * experts;
    T* out = grad + g * experts;
    T dot = 0;
    for (std::int64_t i = 0; i < experts; ++i) {
      dot += prob[i] * out[i];
    }
    for (std::int64_t i = 0; i < experts; ++i) {
      out[i] = prob[i] * (out[i] - dot);
    }
  }
}

template <class T>
void forward(const kernels::DispatchForward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t heads = k.key.shape()[1];
  const std::int64_t experts = k.key.shape()[2];
  const std::int64_t columns = heads * experts;
  const NormView<T> norm(k.norm);
  const SegmentChunks chunks(k.segments);
  const std::int64_t key_size = packed_size<T>(dim, columns);
  const std::int64_t value_size = packed_size<T>(columns, dim);
  const ThreadScratch<T> scratch(key_size + value_size + kTokenTile * (dim + columns));

  parallel_for(chunks.count(), product_work(k.x.rows(), columns, dim), [&](std::int64_t c) {
    T* key_packed = scratch.get();
    T* value_packed = key_packed + key_size;
    T* z = value_packed + value_size;  // then the mixer's result
    T* scores = z + kTokenTile * dim;
    const SegmentChunks::Chunk& chunk = chunks[c];
    const std::int64_t first = chunk.segment * columns * dim;
    pack(dim, columns, transposed<T>(k.key.data<T>() + first, dim), key_packed);
    pack(columns, dim, row_major<T>(k.value.data<T>() + first, dim), value_packed);
    for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += kTokenTile) {
      const std::int64_t rows = std::min<std::int64_t>(kTokenTile, chunk.end - begin);
      const T* in = k.x.data<T>() + begin * dim;
      T* out = k.y.data<T>() + begin * dim;
      norm_rows(in, rows, dim, norm, z);
      gemm(rows, columns, dim, row_major<T>(z, dim), key_packed, scores, columns, false);
      softmax_groups(scores, rows * heads, experts);
      fill_rows(k.bias.data<T>(), rows, dim, z);
      gemm(rows, dim, columns, row_major<T>(scores, columns), value_packed, z, dim, true);
      apply_dropout(k.dropout, begin * dim, rows * dim, z);
      for (std::int64_t i = 0; i < rows * dim; ++i) {
        out[i] = in[i] + z[i];
      }
    }
  });
}

template <class T>
void backward(const kernels::DispatchBackward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t heads = k.key.shape()[1];
  const std::int64_t experts = k.key.shape()[2];
  const std::int64_t columns = heads * experts;
  const NormView<T> norm(k.norm);
  const SegmentChunks chunks(k.segments);
  const std::int64_t packed_columns = packed_size<T>(dim, columns);
  const std::int64_t packed_rows = packed_size<T>(columns, dim);
  const ThreadScratch<T> scratch(2 * packed_columns + packed_rows +
                                 kTokenTile * (3 * dim + 2 * columns));
  const std::int64_t expert_size = columns * dim;
  Tensor key_partials = workspace<T>(chunks.count() * expert_size);
  Tensor value_partials = workspace<T>(chunks.count() * expert_size);
  Tensor row_partials = workspace<T>(chunks.count() * 3 * dim);  // norm weight, norm bias, bias
  fill_zero(key_partials.data<T>(), key_partials.numel());
  fill_zero(value_partials.data<T>(), value_partials.numel());
  fill_zero(row_partials.data<T>(), row_partials.numel());

  parallel_for(chunks.count(), product_work(k.x.rows(), columns, dim), [&](std::int64_t c) {
    T* key_columns = scratch.get();
    T* value_columns = key_columns + packed_columns;
    T* key_rows = value_columns + packed_columns;
    T* z = key_rows + packed_rows;
    T* grad_out = z + kTokenTile * dim;
    T* grad_z = grad_out + kTokenTile * dim;
    T* probs = grad_z + kTokenTile * dim;
    T* grad_scores = probs + kTokenTile * columns;
    const SegmentChunks::Chunk& chunk = chunks[c];
    const T* segment_key = k.key.data<T>() + chunk.segment * expert_size;
    const T* segment_value = k.value.data<T>() + chunk.segment * expert_size;
    pack(dim, columns, transposed<T>(segment_key, dim), key_columns);
    pack(dim, columns, transposed<T>(segment_value, dim), value_columns);
    pack(columns, dim, row_major<T>(segment_key, dim), key_rows);
    T* key_partial = key_partials.data<T>() + c * expert_size;
    T* value_partial = value_partials.data<T>() + c * expert_size;
    T* row_partial = row_partials.data<T>() + c * 3 * dim;
    for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += kTokenTile) {
      const std::int64_t rows = std::min<std::int64_t>(kTokenTile, chunk.end - begin);
      const T* in = k.x.data<T>() + begin * dim;
      const T* grad_in = k.grad_y.data<T>() + begin * dim;
      norm_rows(in, rows, dim, norm, z);
      gemm(rows, columns, dim, row_major<T>(z, dim), key_columns, probs, columns, false);
      softmax_groups(probs, rows * heads, experts);
      std::copy(grad_in, grad_in + rows * dim, grad_out);
      apply_dropout(k.dropout, begin * dim, rows * dim, grad_out);
      add_row_sum(grad_out, rows, dim, row_partial + 2 * dim);
      gemm(rows,
           columns,
           dim,
           row_major<T>(grad_out, dim),
           value_columns,
           grad_scores,
           columns,
           false);
      gemm_unpacked(columns,
                    dim,
                    rows,
                    transposed<T>(probs, columns),
                    grad_out,
                    dim,
                    value_partial,
                    dim,
                    true);
      softmax_groups_backward(probs, rows * heads, experts, grad_scores);
      gemm_unpacked(
          columns, dim, rows, transposed<T>(grad_scores, columns), z, dim, key_partial, dim, true);
      gemm(rows, dim, columns, row_major<T>(grad_scores, columns), key_rows, grad_z, dim, false);
      norm_rows_backward<T>(in,
                            rows,
                            dim,
                            norm,
                            grad_z,
                            grad_in,
                            k.grad_x.data<T>() + begin * dim,
                            row_partial,
                            row_partial + dim);
    }
  });

  parallel_for(k.segments.size(), product_work(chunks.count(), expert_size), [&](std::int64_t b) {
    ArrayMap<T> key_sum(k.grad_key.data<T>() + b * expert_size, expert_size);
    ArrayMap<T> value_sum(k.grad_value.data<T>() + b * expert_size, expert_size);
    key_sum.setZero();
    value_sum.setZero();
    for (std::int64_t c = chunks.first(b); c < chunks.first(b + 1); ++c) {
      key_sum += ArrayMap<T>(key_partials.data<T>() + c * expert_size, expert_size);
      value_sum += ArrayMap<T>(value_partials.data<T>() + c * expert_size, expert_size);
    }
  });
  Tensor total = workspace<T>(3 * dim);
  sum_partials(row_partials.data<T>(), chunks.count(), 3 * dim, total.data<T>());
  const T* sums = total.data<T>();
  if (k.grad_norm.weight.defined()) {
    std::copy(sums, sums + dim, k.grad_norm.weight.data<T>());
    std::copy(sums + dim, sums + 2 * dim, k.grad_norm.bias.data<T>());
  }
  std::copy(sums + 2 * dim, sums + 3 * dim, k.grad_bias.data<T>());
}

const OnCpu dispatch_forward_entry{forward<float>, forward<double>};

const OnCpu dispatch_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
