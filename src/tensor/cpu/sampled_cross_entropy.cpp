// Cross-entropy against sampled items without stored scores.
//
// A block of 64 rows computes its scores by one product with the sampled items' rows, gathered
// once, and replaces them in place by the gradients of the loss. Products of these with the items
// are the rows' gradient, products with the rows the items' gradient, which blocks of one chunk
// accumulate; chunks are added in order. Targets differ per row, so their part is added row by row.
#include "tensor/kernels/sampled_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kBlockRows = 64;

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// A row's loss and its derivative by the target's score; the derivatives by the other scores
// replace the scores.
template <class T>
struct RowLoss {
  double loss = 0.0;
  T target_grad = 0;
};

// `score` [count], -inf at ignored places; derivatives are scaled by `weight`.
template <class T>
RowLoss<T> softmax_row(
    T* score, std::int64_t count, std::span<const std::int32_t> excluded, T target, T weight) {
  T maximum = target;
#pragma omp simd reduction(max : maximum)
  for (std::int64_t j = 0; j < count; ++j) {
    maximum = std::max(maximum, score[j]);
  }
  for (std::int64_t j = 0; j < count; ++j) {
    score[j] -= maximum;
  }
  exp_in_place(score, count);
  for (const std::int32_t place : excluded) {
    score[place] = 0;
  }
  T others = 0;
#pragma omp simd reduction(+ : others)
  for (std::int64_t j = 0; j < count; ++j) {
    others += score[j];
  }
  const T own = std::exp(target - maximum);
  const T factor = weight / (others + own);
  for (std::int64_t j = 0; j < count; ++j) {
    score[j] *= factor;
  }
  const double sum = static_cast<double>(others) + static_cast<double>(own);
  // p - 1 = -(probability of the others): no cancellation if the target is almost certain.
  return {std::log(sum) + static_cast<double>(maximum) - static_cast<double>(target),
          -others * factor};
}

// The same for the binary losses; `scratch` [count].
template <class T>
RowLoss<T> binary_row(T* score,
                      std::int64_t count,
                      std::span<const std::int32_t> excluded,
                      T target,
                      const SampledLoss& kind,
                      T weight,
                      T* scratch) {
  const std::int64_t compared = count - static_cast<std::int64_t>(excluded.size());
  if (compared == 0) {
    fill_zero(score, count);
    return {};
  }
  double above = 0.0;
#pragma omp simd reduction(+ : above)
  for (std::int64_t j = 0; j < count; ++j) {
    above += static_cast<double>(std::max(score[j], T(0)));
    scratch[j] = -std::abs(score[j]);
  }
  exp_in_place(scratch, count);
  for (const std::int32_t place : excluded) {
    scratch[place] = 0;
  }
  // The sum of log(1 + e) as a logarithm of products, each within 2^512.
  constexpr std::int64_t kFactors = 512;
  double sum = above;
  for (std::int64_t begin = 0; begin < count; begin += kFactors) {
    const std::int64_t end = std::min(count, begin + kFactors);
    double product = 1.0;
#pragma omp simd reduction(* : product)
    for (std::int64_t j = begin; j < end; ++j) {
      product *= 1.0 + static_cast<double>(scratch[j]);
    }
    sum += std::log(product);
  }
  const double share = 1.0 / (1.0 + kind.negative_weight * static_cast<double>(compared));
  const T factor = weight * static_cast<T>(share);
  const T sampled_factor = factor * static_cast<T>(kind.negative_weight);
  for (std::int64_t j = 0; j < count; ++j) {
    const T e = scratch[j];
    score[j] = sampled_factor * (score[j] > T(0) ? T(1) : e) / (T(1) + e);
  }
  const auto own = static_cast<double>(target);
  // sigmoid(-s) = exp(-softplus(s)).
  return {share * (kind.target_power * softplus(-own) + kind.negative_weight * sum),
          -factor * static_cast<T>(kind.target_power * std::exp(-softplus(own)))};
}

template <class T>
class SampledCrossEntropy {
 public:
  SampledCrossEntropy(const Tensor& hidden,
                      const Tensor& table,
                      const Tensor& targets,
                      const SampledItems& sampled,
                      const SampledLoss& kind,
                      Tensor* grad_hidden)
      : rows_(hidden.rows()),
        dim_(hidden.cols()),
        count_(sampled.size()),
        hidden_(hidden.data<T>()),
        table_(table.data<T>()),
        targets_(targets.data<std::int32_t>()),
        sampled_(sampled),
        kind_(kind),
        grad_hidden_(grad_hidden == nullptr ? nullptr : grad_hidden->data<T>()),
        items_(workspace<T>(count_ * dim_)),
        packed_items_(workspace<T>(packed_size<T>(dim_, count_))),
        row_losses_(workspace<double>(rows_)),
        target_grads_(workspace<T>(rows_)) {
    const auto* row = sampled.rows.data<std::int32_t>();
    for (std::int64_t j = 0; j < count_; ++j) {
      std::copy_n(table_ + row[j] * dim_, dim_, items_.data<T>() + j * dim_);
    }
    pack(dim_, count_, transposed<T>(items_.data<T>(), dim_), packed_items_.data<T>());
  }

  // Computes the loss and, if wanted, first grad_hidden, then `grad_table`.
  double run(Tensor* grad_table) {
    const double work = product_work(rows_, count_, dim_);
    const ThreadScratch<T> scratch((kBlockRows + 1) * count_);
    if (grad_table == nullptr) {
      const Tiles blocks{rows_, kBlockRows};
      parallel_for(blocks.count(), work, [&](std::int64_t b) {
        block(blocks.begin(b), blocks.end(b), scratch.get(), nullptr);
      });
    } else {
      const Tiles chunks = reduction_chunks(rows_, kBlockRows);
      Tensor grad_items = workspace<T>(count_ * dim_);
      reduce_chunks(
          chunks, work, count_ * dim_, grad_items.data<T>(), [&](std::int64_t c, T* grad) {
            for (std::int64_t begin = chunks.begin(c); begin < chunks.end(c); begin += kBlockRows) {
              const std::int64_t end = std::min(begin + kBlockRows, chunks.end(c));
              block(begin, end, scratch.get(), grad);
            }
          });
      write_table_gradient(grad_items.data<T>(), *grad_table);
    }
    double total = 0.0;
    for (std::int64_t r = 0; r < rows_; ++r) {
      total += row_losses_.data<double>()[r];
    }
    return total / static_cast<double>(rows_);
  }

 private:
  [[nodiscard]] std::span<const std::int32_t> excluded_of(std::int64_t row) const {
    const RowLists& lists = sampled_.excluded;
    if (!lists.defined()) {
      return {};
    }
    return {lists.ids.data<std::int32_t>() + lists.begins.data<std::int32_t>()[row],
            static_cast<std::size_t>(lists.counts.data<std::int32_t>()[row])};
  }

  // Processes rows begin..end-1; adds to grad_items unless it is null.
  void block(std::int64_t begin, std::int64_t end, T* scratch, T* grad_items) const {
    const std::int64_t rows = end - begin;
    T* scores = scratch;
    const T* part = hidden_ + begin * dim_;
    gemm(rows,
         count_,
         dim_,
         row_major<T>(part, dim_),
         packed_items_.data<T>(),
         scores,
         count_,
         false);
    for (std::int64_t r = 0; r < rows; ++r) {
      finish_row(begin + r, scores + r * count_, scratch + kBlockRows * count_);
    }
    if (grad_items == nullptr) {
      return;
    }
    T* grad = grad_hidden_ + begin * dim_;
    gemm_unpacked(rows,
                  dim_,
                  count_,
                  row_major<T>(scores, count_),
                  items_.data<T>(),
                  dim_,
                  grad,
                  dim_,
                  false);
    for (std::int64_t r = 0; r < rows; ++r) {
      add_scaled(table_ + targets_[begin + r] * dim_,
                 target_grads_.data<T>()[begin + r],
                 dim_,
                 grad + r * dim_);
    }
    gemm_unpacked(
        count_, dim_, rows, transposed<T>(scores, count_), part, dim_, grad_items, dim_, true);
  }

  // Scores become derivatives of the mean.
  void finish_row(std::int64_t row, T* score, T* scratch) const {
    T target = dot(hidden_ + row * dim_, table_ + targets_[row] * dim_, dim_);
    if (sampled_.log_counts.defined()) {
      target -= sampled_.target_log_counts.data<T>()[row];
      const T* shift = sampled_.log_counts.data<T>();
      for (std::int64_t j = 0; j < count_; ++j) {
        score[j] -= shift[j];
      }
    }
    const std::span<const std::int32_t> excluded = excluded_of(row);
    for (const std::int32_t place : excluded) {
      score[place] = -std::numeric_limits<T>::infinity();
    }
    const T weight = T(1) / static_cast<T>(rows_);
    const RowLoss<T> result =
        kind_.kind == SampledLoss::Kind::kSoftmax
            ? softmax_row(score, count_, excluded, target, weight)
            : binary_row(score, count_, excluded, target, kind_, weight, scratch);
    row_losses_.data<double>()[row] = result.loss;
    target_grads_.data<T>()[row] = result.target_grad;
  }

  // Sampled items in their order, then the targets in the rows' order.
  void write_table_gradient(const T* grad_items, Tensor& grad_table) const {
    T* grad = grad_table.data<T>();
    fill_zero(grad, grad_table.numel());
    const auto* row = sampled_.rows.data<std::int32_t>();
    for (std::int64_t j = 0; j < count_; ++j) {
      add_scaled(grad_items + j * dim_, T(1), dim_, grad + row[j] * dim_);
    }
    const SortedRows sorted(targets_, rows_, grad_table.rows());
    sorted.add_by(dim_, grad, [&](std::int32_t i, T* sum) {
      add_scaled(hidden_ + i * dim_, target_grads_.data<T>()[i], dim_, sum);
    });
  }

  std::int64_t rows_;
  std::int64_t dim_;
  std::int64_t count_;
  const T* hidden_;
  const T* table_;
  const std::int32_t* targets_;
  const SampledItems& sampled_;
  SampledLoss kind_;
  T* grad_hidden_;
  Tensor items_;         ///< [m, D]
  Tensor packed_items_;  ///< [D, m], packed for the scores
  Tensor row_losses_;
  Tensor target_grads_;
};

template <class T>
void sampled_cross_entropy(const kernels::SampledCrossEntropy& k) {
  SampledCrossEntropy<T> computation(
      k.hidden, k.table, k.targets, k.sampled, k.kind, k.grad_hidden);
  k.loss.data<T>()[0] = static_cast<T>(computation.run(k.grad_table));
}
const OnCpu sampled_cross_entropy_entry{sampled_cross_entropy<float>,
                                        sampled_cross_entropy<double>};

}  // namespace
}  // namespace elastic::cpu
