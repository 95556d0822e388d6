// Cross-entropy mixed with the divergence from a teacher: a block takes a row.
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/distilled_softmax.h"

namespace elastic::cuda {
namespace {

// The items that each row leaves out, as RowLists; null pointers: none.
struct RowsLeftOut {
  const std::int32_t* ids;
  const std::int32_t* begins;
  const std::int32_t* counts;
};

template <class T>
struct DistilledShares {
  T hard;  ///< of the cross-entropy, times the scale
  T soft;  ///< of the divergence, times the scale
  T temperature;
};

// -infinity for all items but candidates: their exponentials are 0.
template <class T>
__device__ void leave_out(RowsLeftOut excluded, std::int64_t row, std::int64_t target, T* x, T* y) {
  if (excluded.counts == nullptr) {
    return;
  }
  const std::int32_t* ids = excluded.ids + excluded.begins[row];
  const std::int32_t count = excluded.counts[row];
  for (std::int64_t i = thread_index(); i < count; i += num_threads()) {
    if (ids[i] > 0 && ids[i] - 1 != target) {
      x[ids[i] - 1] = lowest<T>();
      y[ids[i] - 1] = lowest<T>();
    }
  }
  __syncthreads();
}

template <class T>
__device__ T row_maximum(const T* x, std::int64_t items) {
  T maximum = lowest<T>();
  for (std::int64_t v = thread_index(); v < items; v += num_threads()) {
    maximum = maximum < x[v] ? x[v] : maximum;
  }
  return block_max(maximum);
}

template <class T>
__global__ void __launch_bounds__(kThreads) distilled_softmax_kernel(T* all_logits,
                                                                     T* all_teacher,
                                                                     std::int64_t columns,
                                                                     const std::int32_t* targets,
                                                                     RowsLeftOut excluded,
                                                                     DistilledShares<T> shares,
                                                                     T* losses) {
  const auto row = static_cast<std::int64_t>(blockIdx.x);
  const std::int64_t items = columns - 1;
  T* logits = all_logits + row * columns + 1;
  T* teacher = all_teacher + row * columns + 1;
  const std::int64_t target = targets[row] - 1;
  leave_out(excluded, row, target, logits, teacher);
  const T maximum = row_maximum(logits, items);
  const T teacher_maximum = row_maximum(teacher, items);
  const T inverse = T(1) / shares.temperature;
  T sum = 0;
  T soft_sum = 0;
  T teacher_sum = 0;
  T advantage = 0;
  for (std::int64_t v = thread_index(); v < items; v += num_threads()) {
    const T own = logits[v] - maximum;
    const T other = teacher[v] - teacher_maximum;
    const T weight = exp(other * inverse);
    sum += exp(own);
    soft_sum += exp(own * inverse);
    teacher_sum += weight;
    if (own > lowest<T>()) {  // a candidate
      advantage += weight * (other - own);
    }
  }
  sum = block_sum(sum);
  soft_sum = block_sum(soft_sum);
  teacher_sum = block_sum(teacher_sum);
  advantage = block_sum(advantage) * inverse / teacher_sum;
  if (thread_index() == 0) {
    const T cross_entropy = log(sum) - (logits[target] - maximum);
    const T divergence = advantage - log(teacher_sum) + log(soft_sum);
    losses[row] = shares.hard * cross_entropy +
                  shares.soft * shares.temperature * shares.temperature * divergence;
    logits[-1] = T(0);
  }
  __syncthreads();  // the target's logit has been read
  const T hard = shares.hard / sum;
  const T soft = shares.soft * shares.temperature / soft_sum;
  const T taught = shares.soft * shares.temperature / teacher_sum;
  for (std::int64_t v = thread_index(); v < items; v += num_threads()) {
    const T own = logits[v] - maximum;
    const T other = teacher[v] - teacher_maximum;
    logits[v] = hard * exp(own) + soft * exp(own * inverse) - taught * exp(other * inverse) -
                (v == target ? shares.hard : T(0));
  }
}

template <class T>
void distilled_softmax(const kernels::DistilledSoftmax& k) {
  const RowsLeftOut excluded{data_or_null<std::int32_t>(k.excluded.ids),
                             data_or_null<std::int32_t>(k.excluded.begins),
                             data_or_null<std::int32_t>(k.excluded.counts)};
  const DistilledShares<T> shares{static_cast<T>((1.0 - k.settings.weight) * k.scale),
                                  static_cast<T>(k.settings.weight * k.scale),
                                  static_cast<T>(k.settings.temperature)};
  launch(k.kName,
         distilled_softmax_kernel<T>,
         dim3(static_cast<unsigned int>(k.logits.rows())),
         k.logits.data<T>(),
         k.teacher.data<T>(),
         k.logits.cols(),
         k.targets.data<std::int32_t>(),
         excluded,
         shares,
         k.losses.data<T>());
}
const OnCuda distilled_softmax_entry{distilled_softmax<float>, distilled_softmax<double>};

}  // namespace
}  // namespace elastic::cuda
