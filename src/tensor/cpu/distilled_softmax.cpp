// Cross-entropy mixed with the divergence from a teacher, row by row.
#include "tensor/kernels/distilled_softmax.h"

#include <algorithm>
#include <cmath>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kRowTile = 4;

template <class T>
T largest(const T* x, std::int64_t count) {
  T result = x[0];
  for (std::int64_t i = 1; i < count; ++i) {
    result = std::max(result, x[i]);
  }
  return result;
}

// x -= shift
template <class T>
void subtract(T shift, std::int64_t count, T* x) {
  for_lanes<T>(count, [&](auto zero, std::int64_t i) {
    using V = decltype(zero);
    store(x + i, load<V>(x + i) - shift);
  });
}

// exps = exp(factor x)
template <class T>
void exponentials(const T* x, T factor, std::int64_t count, T* exps) {
  for_lanes<T>(count, [&](auto zero, std::int64_t i) {
    using V = decltype(zero);
    store(exps + i, factor * load<V>(x + i));
  });
  exp_in_place(exps, count);
}

template <class T>
T total(const T* x, std::int64_t count) {
  LaneSum<T> sum;
  for_lanes<T>(count, [&](auto zero, std::int64_t i) {
    using V = decltype(zero);
    sum.add(load<V>(x + i));
  });
  return sum.total();
}

// A row's candidates among items 0..items-1, numbered from 0.
struct Candidates {
  const std::int32_t* left_out;  ///< ids from 1; 0: none
  std::int64_t num_left_out;
  std::int64_t target;

  // Sets the elements of all other items to `value`.
  template <class T>
  void overwrite_others(T value, T* x) const {
    const T kept = x[target];
    for (std::int64_t i = 0; i < num_left_out; ++i) {
      if (left_out[i] > 0) {
        x[left_out[i] - 1] = value;
      }
    }
    x[target] = kept;
  }
};

template <class T>
class DistilledRow {
 public:
  DistilledRow(std::int64_t items, const Distillation& settings, T scale, T* scratch)
      : items_(items),
        settings_(settings),
        scale_(scale),
        teacher_probs_(scratch),
        soft_probs_(scratch + items),
        probs_(settings.temperature == 1.0 ? soft_probs_ : soft_probs_ + items) {}

  static std::int64_t scratch_size(std::int64_t items) { return 3 * items; }

  // Returns the loss. `logits` become the gradient; `teacher` is overwritten.
  T run(const Candidates& candidates, T* logits, T* teacher) {
    const auto temperature = static_cast<T>(settings_.temperature);
    shift(candidates, logits);
    shift(candidates, teacher);
    const T teacher_sum = softmax(candidates, teacher, T(1) / temperature, teacher_probs_);
    const T soft_sum = softmax(candidates, logits, T(1) / temperature, soft_probs_);
    const T sum = probs_ == soft_probs_ ? soft_sum : softmax(candidates, logits, T(1), probs_);
    const T cross_entropy = std::log(sum) - logits[candidates.target];
    // Both logits are relative to their row's maximum, as the sums are.
    const T advantage =
        (dot(teacher_probs_, teacher, items_) - dot(teacher_probs_, logits, items_)) /
        (temperature * teacher_sum);
    const T divergence = advantage - std::log(teacher_sum) + std::log(soft_sum);

    const auto soft = static_cast<T>(settings_.weight) * temperature * scale_;
    const auto hard = static_cast<T>(1.0 - settings_.weight) * scale_;
    write_gradient(hard / sum, soft / soft_sum, soft / teacher_sum, logits);
    logits[candidates.target] -= hard;
    return hard * cross_entropy + soft * temperature * divergence;
  }

 private:
  // The row relative to the candidates' maximum; others become the target's.
  void shift(const Candidates& candidates, T* x) const {
    candidates.overwrite_others(x[candidates.target], x);
    subtract(largest(x, items_), items_, x);
  }

  // exps = exp(factor x) for candidates, else 0; returns their sum.
  T softmax(const Candidates& candidates, const T* x, T factor, T* exps) const {
    exponentials(x, factor, items_, exps);
    candidates.overwrite_others(T(0), exps);
    return total(exps, items_);
  }

  void write_gradient(T hard, T soft, T teacher, T* grad) const {
    for_lanes<T>(items_, [&](auto zero, std::int64_t i) {
      using V = decltype(zero);
      store(grad + i,
            hard * load<V>(probs_ + i) + soft * load<V>(soft_probs_ + i) -
                teacher * load<V>(teacher_probs_ + i));
    });
  }

  std::int64_t items_;
  const Distillation& settings_;
  T scale_;
  T* teacher_probs_;  ///< [items] exponentials at the temperature, as soft_probs_
  T* soft_probs_;     ///< of the student
  T* probs_;          ///< of the student at temperature 1; may be soft_probs_
};

template <class T>
void distilled_softmax(const kernels::DistilledSoftmax& k) {
  const std::int64_t rows = k.logits.rows();
  const std::int64_t columns = k.logits.cols();
  const std::int64_t items = columns - 1;
  const ThreadScratch<T> scratch(DistilledRow<T>::scratch_size(items));
  const Tiles tiles{rows, kRowTile};
  constexpr double kPasses = 8.0;
  parallel_for(tiles.count(), kPasses * product_work(rows, items), [&](std::int64_t t) {
    DistilledRow<T> row(items, k.settings, static_cast<T>(k.scale), scratch.get());
    for (std::int64_t r = tiles.begin(t); r < tiles.end(t); ++r) {
      Candidates candidates{nullptr, 0, k.targets.data<std::int32_t>()[r] - 1};
      if (k.excluded.defined()) {
        candidates.left_out =
            k.excluded.ids.data<std::int32_t>() + k.excluded.begins.data<std::int32_t>()[r];
        candidates.num_left_out = k.excluded.counts.data<std::int32_t>()[r];
      }
      T* logits = k.logits.data<T>() + r * columns;
      logits[0] = T(0);
      k.losses.data<T>()[r] =
          row.run(candidates, logits + 1, k.teacher.data<T>() + r * columns + 1);
    }
  });
}
const OnCpu distilled_softmax_entry{distilled_softmax<float>, distilled_softmax<double>};

}  // namespace
}  // namespace elastic::cpu
