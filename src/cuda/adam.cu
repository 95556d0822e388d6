// Gradient norm, the not-finite flag, and Adam over all parameters at once, or some rows of one.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cuda/adam.h"
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/adam.h"

namespace elastic::cuda {
namespace {

constexpr int kTensors = 64;              ///< of one launch; more take several
constexpr std::int64_t kSlice = 1 << 13;  ///< elements of a block

// Some tensors as one list of slices, passed by value.
template <class T, int kArrays>
struct TensorList {
  T* arrays[kArrays][kTensors];
  std::int64_t sizes[kTensors];
  std::int32_t first_slice[kTensors + 1];
  int count = 0;

  /// The tensor of a slice.
  __device__ int tensor_of(int slice) const {
    int i = 0;
    while (first_slice[i + 1] <= slice) {
      ++i;
    }
    return i;
  }
};

// Calls body(list, index of its first tensor) for `tensors` in lists; tensors[a][i] is array a of
// tensor i.
template <class T, int kArrays, class Body>
void for_each_list(const std::vector<Tensor> (&tensors)[kArrays], const Body& body) {
  const std::size_t total = tensors[0].size();
  for (std::size_t first = 0; first < total; first += kTensors) {
    TensorList<T, kArrays> list{};
    const std::size_t count = std::min<std::size_t>(kTensors, total - first);
    list.count = static_cast<int>(count);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t a = 0; a < kArrays; ++a) {
        list.arrays[a][i] = tensors[a][first + i].template data<T>();
      }
      list.sizes[i] = tensors[0][first + i].numel();
      list.first_slice[i + 1] =
          list.first_slice[i] + static_cast<std::int32_t>(divide_up(list.sizes[i], kSlice));
    }
    body(list, static_cast<int>(first));
  }
}

// squares[slice] = sum of squares; the slice's tensor goes to owners[slice].
template <class T>
__global__ void __launch_bounds__(kThreads)
    squares_kernel(TensorList<T, 1> list, int first_tensor, double* squares, std::int32_t* owners) {
  const int slice = static_cast<int>(blockIdx.x);
  const int tensor = list.tensor_of(slice);
  const std::int64_t begin = (slice - list.first_slice[tensor]) * kSlice;
  const std::int64_t end =
      begin + kSlice < list.sizes[tensor] ? begin + kSlice : list.sizes[tensor];
  double sum = 0;
  for (std::int64_t i = begin + thread_index(); i < end; i += num_threads()) {
    const auto value = static_cast<double>(list.arrays[0][tensor][i]);
    sum += value * value;
  }
  sum = block_sum(sum);
  if (thread_index() == 0) {
    squares[slice] = sum;
    owners[slice] = first_tensor + tensor;
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads) health_kernel(const double* squares,
                                                          const std::int32_t* owners,
                                                          std::int64_t count,
                                                          const T* loss,
                                                          std::int64_t step,
                                                          const std::uint32_t* steps_later,
                                                          double* health) {
  double sum = 0;
  double bad = lowest<double>();  // minus the first bad tensor, for a maximum
  for (std::int64_t i = thread_index(); i < count; i += num_threads()) {
    sum += squares[i];
    if (!isfinite(squares[i]) && -static_cast<double>(owners[i]) > bad) {
      bad = -static_cast<double>(owners[i]);
    }
  }
  sum = block_sum(sum);
  bad = block_max(bad);
  if (thread_index() == 0) {
    health[0] = sqrt(sum);
    if (health[1] == 0.0 && (!isfinite(sum) || !isfinite(static_cast<double>(*loss)))) {
      health[1] = static_cast<double>(step + *steps_later);
      health[2] = bad == lowest<double>() ? -1.0 : -bad;
    }
  }
}

// The update of an element.
template <class T>
struct AdamUpdate {
  T scale, beta1, beta2, rate, root, epsilon, decay;

  __device__ AdamUpdate(const AdamScalars& scalars, double norm)
      : scale(static_cast<T>(
            scalars.clip_norm > 0.0 && norm > scalars.clip_norm ? scalars.clip_norm / norm : 1.0)),
        beta1(static_cast<T>(scalars.beta1)),
        beta2(static_cast<T>(scalars.beta2)),
        rate(static_cast<T>(scalars.rate)),
        root(static_cast<T>(scalars.root)),
        epsilon(static_cast<T>(scalars.epsilon)),
        decay(static_cast<T>(scalars.decay)) {}

  __device__ void operator()(T grad, T& param, T& first, T& second) const {
    const T g = grad * scale;
    const T m = beta1 * first + (T(1) - beta1) * g;
    const T v = beta2 * second + (T(1) - beta2) * g * g;
    first = m;
    second = v;
    param = decay * param - rate * m / (sqrt(v) * root + epsilon);
  }
};

template <class T>
__global__ void __launch_bounds__(kThreads)
    adam_kernel(TensorList<T, 4> list, const AdamScalars* scalars, const double* health) {
  if (health[1] != 0.0) {
    return;
  }
  const AdamUpdate<T> update(*scalars, health[0]);
  const int slice = static_cast<int>(blockIdx.x);
  const int tensor = list.tensor_of(slice);
  const std::int64_t begin = (slice - list.first_slice[tensor]) * kSlice;
  const std::int64_t end =
      begin + kSlice < list.sizes[tensor] ? begin + kSlice : list.sizes[tensor];
  T* param = list.arrays[0][tensor];
  const T* grad = list.arrays[1][tensor];
  T* first = list.arrays[2][tensor];
  T* second = list.arrays[3][tensor];
  for (std::int64_t i = begin + thread_index(); i < end; i += num_threads()) {
    update(grad[i], param[i], first[i], second[i]);
  }
}

// A warp takes a row.
template <class T>
__global__ void __launch_bounds__(kThreads) adam_rows_kernel(const std::int32_t* rows,
                                                             std::int64_t count,
                                                             std::int64_t dim,
                                                             const T* grad,
                                                             T* param,
                                                             T* first,
                                                             T* second,
                                                             const AdamScalars* scalars,
                                                             const double* health) {
  if (health[1] != 0.0) {
    return;
  }
  const AdamUpdate<T> update(*scalars, health[0]);
  for (std::int64_t i = grid_warp(); i < count; i += grid_warps()) {
    const std::int64_t place = rows[i] * dim;
    for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
      update(grad[i * dim + j], param[place + j], first[place + j], second[place + j]);
    }
  }
}

// The scalars in device memory.
AdamScalars* device_scalars() {
  static AdamScalars* const place = [] {
    void* block = nullptr;
    ELASTIC_CUDA_CHECK("adam_step", cudaMalloc(&block, sizeof(AdamScalars)));
    return static_cast<AdamScalars*>(block);
  }();
  return place;
}

}  // namespace

void upload_adam_scalars(const AdamOptions& options) {
  const auto exponent = static_cast<double>(options.step);
  const double first_correction = 1.0 - std::pow(options.beta1, exponent);
  const double second_correction = 1.0 - std::pow(options.beta2, exponent);
  const AdamScalars scalars{options.beta1,
                            options.beta2,
                            options.learning_rate / first_correction,
                            1.0 / std::sqrt(second_correction),
                            options.epsilon,
                            1.0 - options.learning_rate * options.weight_decay,
                            options.clip_norm};
  // The source is pageable memory: it is copied before the call returns.
  ELASTIC_CUDA_CHECK(
      "adam_step",
      cudaMemcpyAsync(
          device_scalars(), &scalars, sizeof(scalars), cudaMemcpyHostToDevice, runtime().stream()));
}

namespace {

template <class T>
void check_gradients(const kernels::CheckGradients& k) {
  const char* op = k.kName;
  std::int64_t slices = 0;
  for (const Tensor& grad : k.grads) {
    slices += divide_up(grad.numel(), kSlice);
  }
  Tensor squares = workspace<double>(slices);
  Tensor owners = workspace<std::int32_t>(slices);
  std::int64_t done = 0;
  const std::vector<Tensor> arrays[] = {k.grads};
  for_each_list<T>(arrays, [&](const TensorList<T, 1>& list, int first) {
    const std::int32_t count = list.first_slice[list.count];
    launch(op,
           squares_kernel<T>,
           dim3(static_cast<unsigned int>(count)),
           list,
           first,
           squares.data<double>() + done,
           owners.data<std::int32_t>() + done);
    done += count;
  });
  launch(op,
         health_kernel<T>,
         dim3(1),
         squares.data<double>(),
         owners.data<std::int32_t>(),
         slices,
         k.loss.data<T>(),
         k.step,
         runtime().steps_later(),
         k.health.data<double>());
}
const OnCuda check_gradients_entry{check_gradients<float>, check_gradients<double>};

template <class T>
void adam_step(const kernels::AdamStep& k) {
  if (!runtime().recording) {
    upload_adam_scalars(k.options);
  }
  const std::vector<Tensor> arrays[] = {k.params, k.grads, k.first_moments, k.second_moments};
  for_each_list<T>(arrays, [&](const TensorList<T, 4>& list, int) {
    launch(k.kName,
           adam_kernel<T>,
           dim3(static_cast<unsigned int>(list.first_slice[list.count])),
           list,
           device_scalars(),
           k.health.data<double>());
  });
}
const OnCuda adam_step_entry{adam_step<float>, adam_step<double>};

template <class T>
void adam_step_rows(const kernels::AdamStepRows& k) {
  if (!runtime().recording) {
    upload_adam_scalars(k.options);
  }
  launch(k.kName,
         adam_rows_kernel<T>,
         row_grid(k.rows.numel()),
         k.rows.data<std::int32_t>(),
         k.rows.numel(),
         k.param.cols(),
         k.grad.data<T>(),
         k.param.data<T>(),
         k.first_moment.data<T>(),
         k.second_moment.data<T>(),
         device_scalars(),
         k.health.data<double>());
}
const OnCuda adam_step_rows_entry{adam_step_rows<float>, adam_step_rows<double>};

}  // namespace
}  // namespace elastic::cuda
