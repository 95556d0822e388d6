// Gradient norm, the not-finite flag, and Adam over all parameters or over some rows of one.
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

// Adam's numbers of a step, and its update of elements that follow each other.
template <class T>
class AdamUpdate {
 public:
  AdamUpdate(const AdamOptions& options, const Tensor& health)
      : beta1_(static_cast<T>(options.beta1)),
        beta2_(static_cast<T>(options.beta2)),
        epsilon_(static_cast<T>(options.epsilon)),
        decay_(static_cast<T>(1.0 - options.learning_rate * options.weight_decay)) {
    const double norm = health.data<double>()[0];
    const bool clips = options.clip_norm > 0.0 && norm > options.clip_norm;
    scale_ = static_cast<T>(clips ? options.clip_norm / norm : 1.0);
    const auto exponent = static_cast<double>(options.step);
    rate_ = static_cast<T>(options.learning_rate / (1.0 - std::pow(options.beta1, exponent)));
    root_ = static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(options.beta2, exponent)));
  }

  void operator()(std::int64_t count,
                  const T* __restrict grad,
                  T* __restrict param,
                  T* __restrict first,
                  T* __restrict second) const {
    const AdamUpdate n = *this;  // so that the compiler knows that nothing below changes it
    for (std::int64_t i = 0; i < count; ++i) {
      const T g = grad[i] * n.scale_;
      first[i] = n.beta1_ * first[i] + (T(1) - n.beta1_) * g;
      second[i] = n.beta2_ * second[i] + (T(1) - n.beta2_) * g * g;
      param[i] =
          n.decay_ * param[i] - n.rate_ * first[i] / (std::sqrt(second[i]) * n.root_ + n.epsilon_);
    }
  }

 private:
  T beta1_;
  T beta2_;
  T epsilon_;
  T decay_;
  T scale_;
  T rate_;
  T root_;
};

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
  if (health.data<double>()[1] != 0.0) {
    return;
  }
  const std::vector<Slice> slices = slices_of(params);
  with_real_type(params.front().dtype(), [&](auto tag) {
    using T = decltype(tag);
    const AdamUpdate<T> update(options, health);
    parallel_for(static_cast<std::int64_t>(slices.size()), slice_work(slices), [&](std::int64_t s) {
      const Slice& slice = slices[static_cast<std::size_t>(s)];
      update(slice.end - slice.begin,
             grads[slice.tensor].data<T>() + slice.begin,
             params[slice.tensor].data<T>() + slice.begin,
             first_moments[slice.tensor].data<T>() + slice.begin,
             second_moments[slice.tensor].data<T>() + slice.begin);
    });
  });
}

void CpuBackend::adam_step_rows(const Tensor& param,
                                const Tensor& rows,
                                const Tensor& grad,
                                const Tensor& first_moment,
                                const Tensor& second_moment,
                                const AdamOptions& options,
                                const Tensor& health) {
  if (health.data<double>()[1] != 0.0) {
    return;
  }
  const std::int64_t dim = param.cols();
  const auto* row = rows.data<std::int32_t>();
  with_real_type(param.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const AdamUpdate<T> update(options, health);
    const Tiles tiles{rows.numel(), kTokenTile};
    parallel_for(
        tiles.count(), kElementWork * static_cast<double>(grad.numel()), [&](std::int64_t t) {
          for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
            const std::int64_t place = row[i] * dim;
            update(dim,
                   grad.data<T>() + i * dim,
                   param.data<T>() + place,
                   first_moment.data<T>() + place,
                   second_moment.data<T>() + place);
          }
        });
  });
}

}  // namespace elastic::cpu
