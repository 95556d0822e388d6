// Gates of the slot recurrences, token by token along a segment, one vector lane per column.
#include "tensor/kernels/slot_gates.h"

#include <limits>

#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"

namespace elastic::cpu {
namespace {

template <class T>
using Row = Eigen::Array<T, Eigen::Dynamic, 1>;

// log(1 + e^x)
template <class T>
Row<T> softplus(const Row<T>& x) {
  return x.max(T(0)) + (-x.abs()).exp().log1p();
}

double segment_work(const Tensor& x) {
  return kElementWork * 4.0 * static_cast<double>(x.numel());
}

// With l_t the log of the decayed sum, -inf before the first token: d_t = s_t - (l_{t-1} - rate),
// gate_t = sigmoid(d_t), l_t = max(s_t, l_{t-1} - rate) + log(1 + e^{-|d_t|}). Scores and gates are
// of type T, l of type Sum.
template <class T, class Sum>
void prefix_forward_in(const kernels::PrefixGatesForward& k) {
  const std::int64_t columns = k.scores.cols();
  const Row<Sum> rate =
      softplus<Sum>(ConstArrayMap<T>(k.decay.data<T>(), columns).template cast<Sum>());
  const ThreadScratch<Sum> scratch(3 * columns);
  parallel_for(k.segments.size(), segment_work(k.scores), [&](std::int64_t b) {
    ArrayMap<Sum> log_sum(scratch.get(), columns);
    ArrayMap<Sum> difference(scratch.get() + columns, columns);
    ArrayMap<Sum> tail(scratch.get() + 2 * columns, columns);
    if (k.log_sum.defined()) {
      log_sum = ConstArrayMap<Sum>(k.log_sum.data<Sum>() + b * columns, columns);
    } else {
      log_sum.setConstant(-std::numeric_limits<Sum>::infinity());
    }
    for (std::int64_t t = k.segments.begin(b); t < k.segments.end(b); ++t) {
      const auto score =
          ConstArrayMap<T>(k.scores.data<T>() + t * columns, columns).template cast<Sum>();
      ArrayMap<T> gate(k.gates.data<T>() + t * columns, columns);
      log_sum -= rate;
      difference = score - log_sum;
      tail = (-difference.abs()).exp();  // e^(smaller - larger) of the two terms
      gate = ((difference >= Sum(0)).select(Sum(1), tail) / (Sum(1) + tail)).template cast<T>();
      log_sum = log_sum.max(score) + tail.log1p();
    }
    if (k.log_sum.defined()) {
      ArrayMap<Sum>(k.log_sum.data<Sum>() + b * columns, columns) = log_sum;
    }
  });
}

template <class T>
void prefix_forward(const kernels::PrefixGatesForward& k) {
  if (k.log_sum.defined()) {
    prefix_forward_in<T, double>(k);
  } else {
    prefix_forward_in<T, T>(k);
  }
}

template <class T>
void prefix_backward(const kernels::PrefixGatesBackward& k) {
  const std::int64_t columns = k.gates.cols();
  const Tensor rate_grads = workspace<T>(k.segments.size() * columns);
  const ThreadScratch<T> scratch(2 * columns);
  parallel_for(k.segments.size(), segment_work(k.gates), [&](std::int64_t b) {
    ArrayMap<T> grad_log_sum(scratch.get(), columns);
    ArrayMap<T> grad_difference(scratch.get() + columns, columns);
    ArrayMap<T> grad_rate(rate_grads.data<T>() + b * columns, columns);
    grad_log_sum.setZero();
    grad_rate.setZero();
    for (std::int64_t t = k.segments.end(b) - 1; t >= k.segments.begin(b); --t) {
      const ConstArrayMap<T> gate(k.gates.data<T>() + t * columns, columns);
      const ConstArrayMap<T> grad_gate(k.grad_gates.data<T>() + t * columns, columns);
      ArrayMap<T> grad_score(k.grad_scores.data<T>() + t * columns, columns);
      grad_difference = gate * ((T(1) - gate) * grad_gate + grad_log_sum);
      grad_score = grad_difference;
      grad_log_sum -= grad_difference;
      grad_rate -= grad_log_sum;
    }
  });
  sum_partials(rate_grads.data<T>(), k.segments.size(), columns, k.grad_decay.data<T>());
  const ConstArrayMap<T> raw(k.decay.data<T>(), columns);
  ArrayMap<T>(k.grad_decay.data<T>(), columns) /= T(1) + (-raw).exp();
}

// Copies slices of x to aligned scratch memory and pads them to whole vectors, since an element's
// bits must not depend on its place. Calls body(at, size, in, tail) with tail = e^{-|in|}, both of
// whole vectors.
template <class T, class Body>
void for_gates(const Tensor& x, const Body& body) {
  constexpr std::int64_t kSlice = 1024;
  const Tiles slices{x.numel(), kSlice};
  const ThreadScratch<T> scratch(2 * kSlice);
  parallel_for(slices.count(), segment_work(x), [&](std::int64_t s) {
    const std::int64_t size = slices.end(s) - slices.begin(s);
    const std::int64_t whole = (size + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
    ArrayMap<T> in(scratch.get(), whole);
    ArrayMap<T> tail(scratch.get() + kSlice, whole);
    in.setZero();
    std::copy(x.data<T>() + slices.begin(s), x.data<T>() + slices.end(s), in.data());
    tail = (-in.abs()).exp();
    body(slices.begin(s), size, in, tail);
  });
}

// With log a = -softplus(-x) / temperature, the gate is 1 - a.
template <class T>
void forget_forward(const kernels::ForgetGatesForward& k) {
  const auto inverse = static_cast<T>(1.0 / k.temperature);
  for_gates<T>(k.x, [&](std::int64_t at, std::int64_t size, auto& in, auto& tail) {
    in = -(-inverse * ((-in).max(T(0)) + tail.log1p())).expm1();
    std::copy(in.data(), in.data() + size, k.gates.data<T>() + at);
  });
}

template <class T>
void forget_backward(const kernels::ForgetGatesBackward& k) {
  const auto inverse = static_cast<T>(1.0 / k.temperature);
  for_gates<T>(k.x, [&](std::int64_t at, std::int64_t size, auto& in, auto& tail) {
    // dlog a / dx = sigmoid(-x) / temperature
    in = -inverse * (-inverse * ((-in).max(T(0)) + tail.log1p())).exp() *
         (in >= T(0)).select(tail, T(1)) / (T(1) + tail);
    ArrayMap<T>(k.grad_x.data<T>() + at, size) =
        ConstArrayMap<T>(k.grad_gates.data<T>() + at, size) * in.head(size);
  });
}

const OnCpu prefix_gates_forward_entry{prefix_forward<float>, prefix_forward<double>};

const OnCpu prefix_gates_backward_entry{prefix_backward<float>, prefix_backward<double>};

const OnCpu forget_gates_forward_entry{forget_forward<float>, forget_forward<double>};

const OnCpu forget_gates_backward_entry{forget_backward<float>, forget_backward<double>};

}  // namespace
}  // namespace elastic::cpu
