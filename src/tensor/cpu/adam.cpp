// Gradient norm, the not-finite flag, and Adam over all parameters or over some rows of one.
#include "tensor/kernels/adam.h"

#include <cmath>

#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kSlice = 1 << 15;

// One list of tasks: the slices of all tensors.
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

// Adam's constants of a step, and its update of contiguous elements.
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
    const AdamUpdate n = *this;  // a copy: the compiler then knows that no store below changes it
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

template <class T>
void check_gradients(const kernels::CheckGradients& k) {
  const std::vector<Slice> slices = slices_of(k.grads);
  Tensor squares = workspace<double>(static_cast<std::int64_t>(slices.size()));
  double* square = squares.data<double>();
  double loss_value = 0.0;
  loss_value = static_cast<double>(k.loss.data<T>()[0]);
  parallel_for(static_cast<std::int64_t>(slices.size()), slice_work(slices), [&](std::int64_t s) {
    const Slice& slice = slices[static_cast<std::size_t>(s)];
    const T* grad = k.grads[slice.tensor].data<T>();
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = slice.begin; i < slice.end; ++i) {
      sum += static_cast<double>(grad[i]) * static_cast<double>(grad[i]);
    }
    square[s] = sum;
  });
  double total = 0.0;
  double bad_parameter = -1.0;
  for (std::size_t s = 0; s < slices.size(); ++s) {
    total += square[s];
    if (bad_parameter < 0.0 && !std::isfinite(square[s])) {
      bad_parameter = static_cast<double>(slices[s].tensor);
    }
  }
  auto* state = k.health.data<double>();
  state[0] = std::sqrt(total);
  if (state[1] == 0.0 && (!std::isfinite(total) || !std::isfinite(loss_value))) {
    state[1] = static_cast<double>(k.step);
    state[2] = bad_parameter;
  }
}
const OnCpu check_gradients_entry{check_gradients<float>, check_gradients<double>};

template <class T>
void adam_step(const kernels::AdamStep& k) {
  if (k.health.data<double>()[1] != 0.0) {
    return;
  }
  const std::vector<Slice> slices = slices_of(k.params);
  const AdamUpdate<T> update(k.options, k.health);
  parallel_for(static_cast<std::int64_t>(slices.size()), slice_work(slices), [&](std::int64_t s) {
    const Slice& slice = slices[static_cast<std::size_t>(s)];
    update(slice.end - slice.begin,
           k.grads[slice.tensor].data<T>() + slice.begin,
           k.params[slice.tensor].data<T>() + slice.begin,
           k.first_moments[slice.tensor].data<T>() + slice.begin,
           k.second_moments[slice.tensor].data<T>() + slice.begin);
  });
}
const OnCpu adam_step_entry{adam_step<float>, adam_step<double>};

template <class T>
void adam_step_rows(const kernels::AdamStepRows& k) {
  if (k.health.data<double>()[1] != 0.0) {
    return;
  }
  const std::int64_t dim = k.param.cols();
  const auto* row = k.rows.data<std::int32_t>();
  const AdamUpdate<T> update(k.options, k.health);
  const Tiles tiles{k.rows.numel(), kTokenTile};
  parallel_for(
      tiles.count(), kElementWork * static_cast<double>(k.grad.numel()), [&](std::int64_t t) {
        for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
          const std::int64_t place = row[i] * dim;
          update(dim,
                 k.grad.data<T>() + i * dim,
                 k.param.data<T>() + place,
                 k.first_moment.data<T>() + place,
                 k.second_moment.data<T>() + place);
        }
      });
}
const OnCpu adam_step_rows_entry{adam_step_rows<float>, adam_step_rows<double>};

}  // namespace
}  // namespace elastic::cpu
