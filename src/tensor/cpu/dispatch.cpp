// The dispatch core of Linear Dispatcher Attention with its norm, bias, dropout and residual: every
// token reads its sequence's experts. Below, Q = H k columns of scores, k adjacent ones a head.
#include "tensor/kernels/dispatch.h"

#include "tensor/cpu/dropout_mask.h"
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
  ScratchLayout layout;
  const ScratchPart key_part = layout.part(packed_size<T>(dim, columns));
  const ScratchPart value_part = layout.part(packed_size<T>(columns, dim));
  const ScratchPart z_part = layout.part(kTokenTile * dim);
  const ScratchPart scores_part = layout.part(kTokenTile * columns);
  const ThreadScratch<T> scratch(layout.size());

  parallel_for(chunks.count(), product_work(k.x.rows(), columns, dim), [&](std::int64_t c) {
    T* key_packed = key_part.of(scratch.get());
    T* value_packed = value_part.of(scratch.get());
    T* z = z_part.of(scratch.get());  // later the mixer's result
    T* scores = scores_part.of(scratch.get());
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
      gemm_from_row(rows,
                    dim,
                    columns,
                    row_major<T>(scores, columns),
                    value_packed,
                    k.bias.data<T>(),
                    z,
                    dim);
      apply_dropout(k.dropout, begin * dim, rows * dim, z);
      for (std::int64_t i = 0; i < rows * dim; ++i) {
        out[i] = in[i] + z[i];
      }
    }
  });
}

// Backward of all sequences: gradients of the experts and of the row parameters are summed over a
// chunk's tokens first, then over chunks in order.
template <class T>
class Backward {
 public:
  explicit Backward(const kernels::DispatchBackward& kernel)
      : k_(kernel),
        dim_(k_.x.cols()),
        heads_(k_.key.shape()[1]),
        experts_(k_.key.shape()[2]),
        columns_(heads_ * experts_),
        expert_size_(columns_ * dim_),
        norm_(k_.norm),
        chunks_(k_.segments),
        key_columns_(layout_.part(packed_size<T>(dim_, columns_))),
        value_columns_(layout_.part(packed_size<T>(dim_, columns_))),
        key_rows_(layout_.part(packed_size<T>(columns_, dim_))),
        z_(layout_.part(kTokenTile * dim_)),
        grad_out_(layout_.part(kTokenTile * dim_)),
        grad_z_(layout_.part(kTokenTile * dim_)),
        probs_(layout_.part(kTokenTile * columns_)),
        grad_scores_(layout_.part(kTokenTile * columns_)),
        scratch_(layout_.size()),
        key_partials_(workspace<T>(chunks_.count() * expert_size_)),
        value_partials_(workspace<T>(chunks_.count() * expert_size_)),
        row_partials_(workspace<T>(chunks_.count() * 3 * dim_)) {
    fill_zero(key_partials_.data<T>(), key_partials_.numel());
    fill_zero(value_partials_.data<T>(), value_partials_.numel());
    fill_zero(row_partials_.data<T>(), row_partials_.numel());
  }

  void run() const {
    parallel_for(chunks_.count(), product_work(k_.x.rows(), columns_, dim_), [&](std::int64_t c) {
      const SegmentChunks::Chunk& chunk = chunks_[c];
      pack_experts(chunk.segment);
      for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += kTokenTile) {
        tile(c, begin, std::min<std::int64_t>(kTokenTile, chunk.end - begin));
      }
    });
    sum_experts();
    sum_rows();
  }

 private:
  T* place(ScratchPart part) const { return part.of(scratch_.get()); }

  void pack_experts(std::int64_t segment) const {
    const T* key = k_.key.data<T>() + segment * expert_size_;
    const T* value = k_.value.data<T>() + segment * expert_size_;
    pack(dim_, columns_, transposed<T>(key, dim_), place(key_columns_));
    pack(dim_, columns_, transposed<T>(value, dim_), place(value_columns_));
    pack(columns_, dim_, row_major<T>(key, dim_), place(key_rows_));
  }

  // `rows` tokens from `begin` of chunk c.
  void tile(std::int64_t c, std::int64_t begin, std::int64_t rows) const {
    T* key_partial = key_partials_.data<T>() + c * expert_size_;
    T* value_partial = value_partials_.data<T>() + c * expert_size_;
    T* row_partial = row_partials_.data<T>() + c * 3 * dim_;  // norm weight, norm bias, bias
    const T* in = k_.x.data<T>() + begin * dim_;
    const T* grad_in = k_.grad_y.data<T>() + begin * dim_;
    T* z = place(z_);
    T* grad_out = place(grad_out_);
    T* grad_z = place(grad_z_);
    T* probs = place(probs_);
    T* grad_scores = place(grad_scores_);
    norm_rows(in, rows, dim_, norm_, z);
    product(rows, z, place(key_columns_), probs);
    softmax_groups(probs, rows * heads_, experts_);
    std::copy(grad_in, grad_in + rows * dim_, grad_out);
    apply_dropout(k_.dropout, begin * dim_, rows * dim_, grad_out);
    add_row_sum(grad_out, rows, dim_, row_partial + 2 * dim_);
    product(rows, grad_out, place(value_columns_), grad_scores);
    add_outer(rows, probs, grad_out, value_partial);
    softmax_groups_backward(probs, rows * heads_, experts_, grad_scores);
    add_outer(rows, grad_scores, z, key_partial);
    gemm(rows,
         dim_,
         columns_,
         row_major<T>(grad_scores, columns_),
         place(key_rows_),
         grad_z,
         dim_,
         false);
    norm_rows_backward<T>(in,
                          rows,
                          dim_,
                          norm_,
                          grad_z,
                          grad_in,
                          k_.grad_x.data<T>() + begin * dim_,
                          row_partial,
                          row_partial + dim_);
  }

  // scores [rows, Q] = tokens [rows, D] experts^T
  void product(std::int64_t rows, const T* tokens, const T* experts, T* scores) const {
    gemm(rows, columns_, dim_, row_major<T>(tokens, dim_), experts, scores, columns_, false);
  }
  // sum [Q, D] += scores^T tokens
  void add_outer(std::int64_t rows, const T* scores, const T* tokens, T* sum) const {
    gemm_unpacked(
        columns_, dim_, rows, transposed<T>(scores, columns_), tokens, dim_, sum, dim_, true);
  }

  void sum_experts() const {
    const double work = product_work(chunks_.count(), expert_size_);
    parallel_for(k_.segments.size(), work, [&](std::int64_t b) {
      ArrayMap<T> key_sum(k_.grad_key.data<T>() + b * expert_size_, expert_size_);
      ArrayMap<T> value_sum(k_.grad_value.data<T>() + b * expert_size_, expert_size_);
      key_sum.setZero();
      value_sum.setZero();
      for (std::int64_t c = chunks_.first(b); c < chunks_.first(b + 1); ++c) {
        key_sum += ArrayMap<T>(key_partials_.data<T>() + c * expert_size_, expert_size_);
        value_sum += ArrayMap<T>(value_partials_.data<T>() + c * expert_size_, expert_size_);
      }
    });
  }

  void sum_rows() const {
    Tensor total = workspace<T>(3 * dim_);
    sum_partials(row_partials_.data<T>(), chunks_.count(), 3 * dim_, total.data<T>());
    const T* sums = total.data<T>();
    if (k_.grad_norm.weight.defined()) {
      std::copy(sums, sums + dim_, k_.grad_norm.weight.data<T>());
      std::copy(sums + dim_, sums + 2 * dim_, k_.grad_norm.bias.data<T>());
    }
    std::copy(sums + 2 * dim_, sums + 3 * dim_, k_.grad_bias.data<T>());
  }

  const kernels::DispatchBackward& k_;
  std::int64_t dim_;
  std::int64_t heads_;
  std::int64_t experts_;
  std::int64_t columns_;
  std::int64_t expert_size_;
  NormView<T> norm_;
  SegmentChunks chunks_;
  ScratchLayout layout_;
  ScratchPart key_columns_;
  ScratchPart value_columns_;
  ScratchPart key_rows_;
  ScratchPart z_;
  ScratchPart grad_out_;
  ScratchPart grad_z_;
  ScratchPart probs_;
  ScratchPart grad_scores_;
  ThreadScratch<T> scratch_;
  Tensor key_partials_;
  Tensor value_partials_;
  Tensor row_partials_;
};

template <class T>
void backward(const kernels::DispatchBackward& k) {
  Backward<T>(k).run();
}

const OnCpu dispatch_forward_entry{forward<float>, forward<double>};

const OnCpu dispatch_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
