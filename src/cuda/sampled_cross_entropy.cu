// Cross-entropy against sampled items by chunks of rows: one product with the items' rows, gathered
// once, gives a chunk's scores; the kernel turns them into the loss and its gradient in place; two
// more products give the gradients.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/logistic.cuh"
#include "cuda/reduce.h"
#include "cuda/row_sums.cuh"
#include "cuda/rows.h"
#include "cuda/runtime.h"
#include "tensor/kernels/rows.h"
#include "tensor/kernels/sampled_cross_entropy.h"

namespace elastic::cuda {
namespace {

constexpr std::int64_t kScores = std::int64_t{1} << 23;  ///< elements of a chunk: 32 MiB of float32
constexpr std::int64_t kLeastRows = 64;

// A loss on the device; pointers may be null where SampledItems may be undefined.
template <class T>
struct LossView {
  const T* hidden;  ///< [R, D]
  const T* table;   ///< [N, D]
  std::int64_t dim;
  const std::int32_t* targets;
  std::int64_t items;  ///< m
  const T* log_counts;
  const T* target_log_counts;
  const std::int32_t* excluded_places;  ///< slices of a row; null, as the next two: none
  const std::int32_t* excluded_begins;
  const std::int32_t* excluded_counts;
  bool binary;
  T target_power;
  T negative_weight;
  T share;  ///< 1 / R
};

// A row's loss / R and its derivative by the target's score.
template <class T>
struct RowLoss {
  T loss;
  T target_grad;
};

// Binary cross-entropy with `compared` negatives. All threads of the block call it; scores [m]
// become derivatives.
template <class T>
__device__ __forceinline__ RowLoss<T> binary_loss(const LossView<T>& view,
                                                  T target,
                                                  std::int64_t compared,
                                                  T* score) {
  T sum = 0;
  for (std::int64_t v = thread_index(); v < view.items; v += num_threads()) {
    sum += softplus(score[v]);
  }
  sum = block_sum(sum);
  const T share =
      compared == 0 ? T(0) : view.share / (T(1) + view.negative_weight * static_cast<T>(compared));
  for (std::int64_t v = thread_index(); v < view.items; v += num_threads()) {
    score[v] = share * view.negative_weight * sigmoid(score[v]);
  }
  return {share * (view.target_power * softplus(-target) + view.negative_weight * sum),
          -share * view.target_power * sigmoid(-target)};
}

// The same for softmax cross-entropy.
template <class T>
__device__ __forceinline__ RowLoss<T> softmax_loss(const LossView<T>& view, T target, T* score) {
  T maximum = target;
  for (std::int64_t v = thread_index(); v < view.items; v += num_threads()) {
    maximum = maximum < score[v] ? score[v] : maximum;
  }
  maximum = block_max(maximum);
  T others = 0;
  for (std::int64_t v = thread_index(); v < view.items; v += num_threads()) {
    others += exp(score[v] - maximum);
  }
  others = block_sum(others);
  const T sum = others + exp(target - maximum);
  const T factor = view.share / sum;
  for (std::int64_t v = thread_index(); v < view.items; v += num_threads()) {
    score[v] = exp(score[v] - maximum) * factor;
  }
  return {(log(sum) + maximum - target) * view.share, -others * factor};
}

// A block takes a row: its loss / R to losses[row], the derivative by the target's score to
// target_grads[row], the scores [m] become derivatives, and grad_hidden (where not null) gets the
// target's part. `scores` begin at row `first_row`.
template <class T>
__global__ void __launch_bounds__(kThreads) sampled_loss_kernel(LossView<T> view,
                                                                std::int64_t first_row,
                                                                T* scores,
                                                                std::int64_t stride,
                                                                T* losses,
                                                                T* target_grads,
                                                                T* grad_hidden) {
  const std::int64_t row = first_row + static_cast<std::int64_t>(blockIdx.x);
  T* score = scores + static_cast<std::int64_t>(blockIdx.x) * stride;
  const T* state = view.hidden + row * view.dim;
  const T* item = view.table + view.targets[row] * view.dim;
  T target = 0;
  for (std::int64_t j = thread_index(); j < view.dim; j += num_threads()) {
    target += state[j] * item[j];
  }
  target = block_sum(target);
  if (view.log_counts != nullptr) {
    target -= view.target_log_counts[row];
    for (std::int64_t v = thread_index(); v < view.items; v += num_threads()) {
      score[v] -= view.log_counts[v];
    }
  }
  std::int64_t compared = view.items;
  if (view.excluded_counts != nullptr) {
    const std::int32_t begin = view.excluded_begins[row];
    const std::int32_t end = begin + view.excluded_counts[row];
    compared -= end - begin;
    __syncthreads();  // other threads have shifted these scores
    for (std::int32_t i = begin + thread_index(); i < end; i += num_threads()) {
      score[view.excluded_places[i]] = lowest<T>();
    }
    __syncthreads();
  }
  const RowLoss<T> result =
      view.binary ? binary_loss(view, target, compared, score) : softmax_loss(view, target, score);
  if (thread_index() == 0) {
    losses[row] = result.loss;
    target_grads[row] = result.target_grad;
  }
  if (grad_hidden != nullptr) {
    for (std::int64_t j = thread_index(); j < view.dim; j += num_threads()) {
      grad_hidden[row * view.dim + j] = result.target_grad * item[j];
    }
  }
}

// Rows of a matrix, each by its own factor.
template <class T>
struct ScaledRows {
  const T* values;
  const T* factors;
  std::int64_t dim;

  __device__ T operator()(std::int32_t entry, std::int64_t j) const {
    return factors[entry] * values[entry * dim + j];
  }
};

template <class T>
LossView<T> loss_view(const Tensor& hidden,
                      const Tensor& table,
                      const Tensor& targets,
                      const SampledItems& sampled,
                      const SampledLoss& kind) {
  LossView<T> view{};
  view.hidden = hidden.data<T>();
  view.table = table.data<T>();
  view.dim = hidden.cols();
  view.targets = targets.data<std::int32_t>();
  view.items = sampled.size();
  view.log_counts = data_or_null<T>(sampled.log_counts);
  view.target_log_counts = data_or_null<T>(sampled.target_log_counts);
  view.excluded_places = data_or_null<std::int32_t>(sampled.excluded.ids);
  view.excluded_begins = data_or_null<std::int32_t>(sampled.excluded.begins);
  view.excluded_counts = data_or_null<std::int32_t>(sampled.excluded.counts);
  view.binary = kind.kind == SampledLoss::Kind::kBinary;
  view.target_power = static_cast<T>(kind.target_power);
  view.negative_weight = static_cast<T>(kind.negative_weight);
  view.share = T(1) / static_cast<T>(hidden.rows());
  return view;
}

// grad_table, if there is one, from the gradients of the sampled items' rows and of the targets'
// scores.
template <class T>
void write_table_gradient(const kernels::SampledCrossEntropy& k,
                          const LossView<T>& view,
                          const T* grad_items,
                          const T* target_grads) {
  if (k.grad_table == nullptr) {
    return;
  }
  const char* op = k.kName;
  const std::int64_t rows = k.hidden.rows();
  fill_elements(*k.grad_table, 0.0);
  T* grad = k.grad_table->data<T>();
  const auto* sampled_rows = k.sampled.rows.data<std::int32_t>();
  scatter_add(op, grad_items, sampled_rows, view.items, view.dim, k.table.rows(), 1, grad);
  const ScaledRows<T> target_rows{view.hidden, target_grads, view.dim};
  const SortedRows sorted = sort_rows(op, view.targets, rows, k.table.rows());
  add_sorted(op, target_rows, sorted, view.dim, 1, wide_piece(rows), grad);
}

template <class T>
void sampled_cross_entropy(const kernels::SampledCrossEntropy& k) {
  const char* op = k.kName;
  const LossView<T> view = loss_view<T>(k.hidden, k.table, k.targets, k.sampled, k.kind);
  const std::int64_t rows = k.hidden.rows();
  const std::int64_t dim = view.dim;
  const std::int64_t stride = divide_up(view.items, 4) * 4;  // rows on 16 bytes
  const std::int64_t chunk = std::min(rows, std::max(kLeastRows, kScores / stride));
  Tensor items = workspace<T>(view.items * dim);
  call(kernels::GatherRows{k.table, k.sampled.rows, items});
  Tensor scores = workspace<T>(chunk * stride);
  Tensor losses = workspace<T>(rows);
  Tensor target_grads = workspace<T>(rows);
  Tensor grad_items = workspace<T>(k.grad_table == nullptr ? 0 : view.items * dim);
  for (std::int64_t begin = 0; begin < rows; begin += chunk) {
    const std::int64_t count = std::min(chunk, rows - begin);
    const T* part = view.hidden + begin * dim;
    gemm<T>(op,
            count,
            view.items,
            dim,
            {part, dim},
            {items.data<T>(), dim, true},
            scores.data<T>(),
            stride,
            false);
    launch(op,
           sampled_loss_kernel<T>,
           dim3(static_cast<unsigned int>(count)),
           view,
           begin,
           scores.data<T>(),
           stride,
           losses.data<T>(),
           target_grads.data<T>(),
           k.grad_hidden == nullptr ? nullptr : k.grad_hidden->data<T>());
    if (k.grad_table != nullptr) {
      gemm<T>(op,
              count,
              dim,
              view.items,
              {scores.data<T>(), stride},
              {items.data<T>(), dim},
              k.grad_hidden->data<T>() + begin * dim,
              dim,
              true);
      gemm<T>(op,
              view.items,
              dim,
              count,
              {scores.data<T>(), stride, true},
              {part, dim},
              grad_items.data<T>(),
              dim,
              begin > 0);
    }
  }
  write_table_gradient(k, view, grad_items.data<T>(), target_grads.data<T>());
  sum_rows(op, losses.data<T>(), rows, 1, k.loss.data<T>());
}
const OnCuda sampled_cross_entropy_entry{sampled_cross_entropy<float>,
                                         sampled_cross_entropy<double>};

}  // namespace
}  // namespace elastic::cuda
