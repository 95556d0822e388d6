// Gradient norm, the not-finite flag, and Adam over all parameters.
#include <cmath>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kSlice = 1 << 15;

// The slices of all tensors as one list of tasks.
struct Slice {
  std::size_t tensor;
  std::int64_t begin;
  std::int64_t end;
};

std::vector<Slice> slices_of(const std::vector<Tensor>& tensors) {
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tiles tiles{tensors[i].numel(), kSlice};
    for (std::int64_t s = 0; s < tiles.count(); ++s) {
      slices.push_back({i, tiles.begin(s), tiles.end(s)});
    }
  }
  return slices;
}

double slice_work(const std::vector<Slice>& slices) {
  double elements = 0.0;
  for (const Slice& slice : slices) {
    elements += static_cast<double>(slice.end - slice.begin);
  }
  return kElementWork * elements;
}

}  // namespace

void CpuBackend::check_gradients(const std::vector<Tensor>& grads,
                                 const Tensor& loss,
                                 std::int64_t step,
                                 Tensor& health) {
  const std::vector<Slice> slices = slices_of(grads);
  Tensor squares = workspace<double>(static_cast<std::int64_t>(slices.size()));
  double* square = squares.data<double>();
  double loss_value = 0.0;
  with_real_type(loss.dtype(), [&](auto tag) {
    using T = decltype(tag);
    loss_value = static_cast<double>(loss.data<T>()[0]);
    parallel_for(static_cast<std::int64_t>(slices.size()), slice_work(slices), [&](std::int64_t s) {
      const Slice& slice = slices[static_cast<std::size_t>(s)];
      const T* grad = grads[slice.tensor].data<T>();
      double sum = 0.0;
#pragma omp simd reduction(+ : sum)
      for (std::int64_t i = slice.begin; i < slice.end; ++i) {
        sum += static_cast<double>(grad[i]) * static_cast<double>(grad[i]);
      }
      square[s] = sum;
    });
  });
  double total = 0.0;
  double bad_parameter = -1.0;
  for (std::size_t s = 0; s < slices.size(); ++s) {
    total += square[s];
    if (bad_parameter < 0.0 && !std::isfinite(square[s])) {
      bad_parameter = static_cast<double>(slices[s].tensor);
    }
  }
  auto* state = health.data<double>();
  state[0] = std::sqrt(total);
  if (state[1] == 0.0 && (!std::isfinite(total) || !std::isfinite(loss_value))) {
    state[1] = static_cast<double>(step);
    state[2] = bad_parameter;
  }
}

void CpuBackend::adam_step(const std::vector<Tensor>& params,
                           const std::vector<Tensor>& grads,
                           const std::vector<Tensor>& first_moments,
                           const std::vector<Tensor>& second_moments,
                           const AdamOptions& options,
                           const Tensor& health) {
  const double norm = health.data<double>()[0];
  if (health.data<double>()[1] != 0.0) {
    return;
  }
  const double clip =
      options.clip_norm > 0.0 && norm > options.clip_norm ? options.clip_norm / norm : 1.0;
  const auto exponent = static_cast<double>(options.step);
  const double first_correction = 1.0 - std::pow(options.beta1, exponent);
  const double second_correction = 1.0 - std::pow(options.beta2, exponent);
  const std::vector<Slice> slices = slices_of(params);
  with_real_type(params.front().dtype(), [&](auto tag) {
    using T = decltype(tag);
    const T scale = static_cast<T>(clip);
    const T beta1 = static_cast<T>(options.beta1);
    const T beta2 = static_cast<T>(options.beta2);
    const T rate = static_cast<T>(options.learning_rate / first_correction);
    const T root = static_cast<T>(1.0 / std::sqrt(second_correction));
    const T epsilon = static_cast<T>(options.epsilon);
    const T decay = static_cast<T>(1.0 - options.learning_rate * options.weight_decay);
    parallel_for(static_cast<std::int64_t>(slices.size()), slice_work(slices), [&](std::int64_t s) {
      const Slice& slice = slices[static_cast<std::size_t>(s)];
      T* __restrict param = params[slice.tensor].data<T>();
      const T* __restrict grad = grads[slice.tensor].data<T>();
      T* __restrict first = first_moments[slice.tensor].data<T>();
      T* __restrict second = second_moments[slice.tensor].data<T>();
      for (std::int64_t i = slice.begin; i < slice.end; ++i) {
        const T g = grad[i] * scale;
        first[i] = beta1 * first[i] + (T(1) - beta1) * g;
        second[i] = beta2 * second[i] + (T(1) - beta2) * g * g;
        param[i] = decay * param[i] - rate * first[i] / (std::sqrt(second[i]) * root + epsilon);
      }
    });
  });
}

}  // namespace elastic::cpu
