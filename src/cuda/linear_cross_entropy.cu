// Softmax cross-entropy over the whole catalogue by chunks of rows: one product gives a
// chunk's logits, the kernel turns them into the loss and its gradient in place, and two more
// products give the gradients.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "tensor/kernels/linear_cross_entropy.h"

namespace elastic::cuda {
namespace {

constexpr std::int64_t kLogits = std::int64_t{1} << 23;  ///< elements of a chunk: 32 MiB of float32
constexpr std::int64_t kLeastChunkRows = 64;

// The items that each row leaves out, as RowLists; null pointers: none.
struct LeftOutItems {
  const std::int32_t* ids;
  const std::int32_t* begins;
  const std::int32_t* counts;
};

// A block takes a row: its loss / total to losses[row], and logits become the gradient.
template <class T>
__global__ void __launch_bounds__(kThreads) softmax_loss_kernel(T* logits,
                                                                std::int64_t stride,
                                                                std::int64_t items,
                                                                const std::int32_t* targets,
                                                                LeftOutItems excluded,
                                                                std::int64_t first_row,
                                                                std::int64_t total,
                                                                bool with_gradient,
                                                                T* losses) {
  const auto row = static_cast<std::int64_t>(blockIdx.x);
  T* logit = logits + row * stride;
  const std::int64_t target = targets[first_row + row] - 1;
  if (excluded.counts != nullptr) {
    const std::int32_t* ids = excluded.ids + excluded.begins[first_row + row];
    const std::int32_t count = excluded.counts[first_row + row];
    for (std::int64_t i = thread_index(); i < count; i += num_threads()) {
      if (ids[i] > 0 && ids[i] - 1 != target) {
        logit[ids[i] - 1] = lowest<T>();  // its exponential below is 0
      }
    }
    __syncthreads();
  }
  T maximum = lowest<T>();
  for (std::int64_t v = thread_index(); v < items; v += num_threads()) {
    maximum = maximum < logit[v] ? logit[v] : maximum;
  }
  maximum = block_max(maximum);
  T sum = 0;
  for (std::int64_t v = thread_index(); v < items; v += num_threads()) {
    sum += exp(logit[v] - maximum);
  }
  sum = block_sum(sum);
  const T share = T(1) / static_cast<T>(total);
  if (thread_index() == 0) {
    losses[first_row + row] = (log(sum) + maximum - logit[target]) * share;
  }
  if (!with_gradient) {
    return;
  }
  __syncthreads();  // the target's logit has been read
  const T factor = share / sum;
  for (std::int64_t v = thread_index(); v < items; v += num_threads()) {
    logit[v] = exp(logit[v] - maximum) * factor - (v == target ? share : T(0));
  }
}

template <class T>
void linear_cross_entropy(const kernels::LinearCrossEntropy& k) {
  const char* op = k.kName;
  const std::int64_t rows = k.hidden.rows();
  const std::int64_t dim = k.hidden.cols();
  const std::int64_t items = k.table.rows() - 1;
  const std::int64_t stride = divide_up(items, 4) * 4;  // rows on 16 bytes, for tensor cores
  const std::int64_t chunk = std::min(rows, std::max(kLeastChunkRows, kLogits / stride));
  const T* first_item = k.table.data<T>() + dim;
  Tensor logits = workspace<T>(chunk * stride);
  Tensor losses = workspace<T>(rows);
  const LeftOutItems excluded{data_or_null<std::int32_t>(k.excluded.ids),
                              data_or_null<std::int32_t>(k.excluded.begins),
                              data_or_null<std::int32_t>(k.excluded.counts)};
  if (k.grad_table != nullptr) {
    Tensor no_item = k.grad_table->slice(0, 1);
    fill_elements(no_item, 0.0);
  }
  for (std::int64_t begin = 0; begin < rows; begin += chunk) {
    const std::int64_t count = std::min(chunk, rows - begin);
    const T* part = k.hidden.data<T>() + begin * dim;
    gemm<T>(op,
            count,
            items,
            dim,
            {part, dim},
            {first_item, dim, true},
            logits.data<T>(),
            stride,
            false);
    launch(op,
           softmax_loss_kernel<T>,
           dim3(static_cast<unsigned int>(count)),
           logits.data<T>(),
           stride,
           items,
           k.targets.data<std::int32_t>(),
           excluded,
           begin,
           rows,
           k.grad_table != nullptr,
           losses.data<T>());
    if (k.grad_table != nullptr) {
      gemm<T>(op,
              count,
              dim,
              items,
              {logits.data<T>(), stride},
              {first_item, dim},
              k.grad_hidden->data<T>() + begin * dim,
              dim,
              false);
      gemm<T>(op,
              items,
              dim,
              count,
              {logits.data<T>(), stride, true},
              {part, dim},
              k.grad_table->data<T>() + dim,
              dim,
              begin > 0);
    }
  }
  sum_rows(op, losses.data<T>(), rows, 1, k.loss.data<T>());
}
const OnCuda linear_cross_entropy_entry{linear_cross_entropy<float>, linear_cross_entropy<double>};

}  // namespace
}  // namespace elastic::cuda
