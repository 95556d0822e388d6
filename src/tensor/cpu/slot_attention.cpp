// Causal attention to gated running means, token by token: each head of a segment is one recurrence
// over a state that stays in cache. Backward stores the state at every kChunk-th token, recomputes
// a chunk's states, and processes them from the end.
#include "tensor/kernels/slot_attention.h"

#include <cmath>
#include <limits>

#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kChunk = 64;

// after = before + gate (x - before), slot by slot; after may be before.
template <class T>
void renew(const T* before,
           const T* x,
           const T* gates,
           std::int64_t slots,
           std::int64_t length,
           T* after) {
  for (std::int64_t a = 0; a < slots; ++a) {
    const T gate = gates[a];
    for_lanes<T>(length, [&](auto zero, std::int64_t j) {
      using V = decltype(zero);
      const V old = load<V>(before + a * length + j);
      store<V>(after + a * length + j, old + gate * (load<V>(x + j) - old));
    });
  }
}

// The same over a state in float64, for streams: a running mean of a million events has gates near
// 1e-6, and in float32 the roundings of the events would add up. `rounded` receives the state in
// the type of x.
template <class T>
void renew_carried(const T* x,
                   const T* gates,
                   std::int64_t slots,
                   std::int64_t length,
                   double* state,
                   T* rounded) {
  for (std::int64_t a = 0; a < slots; ++a) {
    const double gate = gates[a];
    for (std::int64_t j = 0; j < length; ++j) {
      double& number = state[a * length + j];
      number += gate * (static_cast<double>(x[j]) - number);
      rounded[a * length + j] = static_cast<T>(number);
    }
  }
}

// One head of a segment: the start of its rows and their distance.
struct SlotProblem {
  std::int64_t dim;
  std::int64_t heads;
  std::int64_t slots;
  std::int64_t head_dim;
  bool shared;  ///< keys are values: one state for both

  SlotProblem(const Tensor& key, const Tensor& value, const Tensor& gates)
      : dim(value.cols()),
        heads(gates.shape()[1]),
        slots(gates.cols()),
        head_dim(dim / heads),
        shared(key.raw_data() == value.raw_data()) {}

  /// Elements of one state, keys [slots, head_dim] and then values; only one of them if shared.
  [[nodiscard]] std::int64_t state_size() const { return slots * head_dim * (shared ? 1 : 2); }
  [[nodiscard]] std::int64_t value_at() const { return shared ? 0 : slots * head_dim; }
  [[nodiscard]] double work(std::int64_t tokens) const {
    return product_work(tokens, dim, slots, shared ? 3 : 4);
  }
};

template <class T>
struct HeadRows {
  const T* query;
  const T* key;
  const T* value;
  const T* gates;
};

template <class T>
void renew_state(
    const SlotProblem& p, const HeadRows<T>& in, std::int64_t t, const T* before, T* after) {
  const T* gates = in.gates + t * p.heads * p.slots;
  if (!p.shared) {
    renew(before, in.key + t * p.dim, gates, p.slots, p.head_dim, after);
  }
  renew(before + p.value_at(),
        in.value + t * p.dim,
        gates,
        p.slots,
        p.head_dim,
        after + p.value_at());
}

template <class T>
void renew_carried_state(
    const SlotProblem& p, const HeadRows<T>& in, std::int64_t t, double* carried, T* state) {
  const T* gates = in.gates + t * p.heads * p.slots;
  if (!p.shared) {
    renew_carried(in.key + t * p.dim, gates, p.slots, p.head_dim, carried, state);
  }
  renew_carried(in.value + t * p.dim,
                gates,
                p.slots,
                p.head_dim,
                carried + p.value_at(),
                state + p.value_at());
}

// weights = softmax over slots of query . keys; returns the log of its denominator if `wanted`.
template <class T>
T slot_weights(const SlotProblem& p, const T* query, const T* state, bool wanted, T* weights) {
  T maximum = -std::numeric_limits<T>::infinity();
  for (std::int64_t a = 0; a < p.slots; ++a) {
    weights[a] = dot(query, state + a * p.head_dim, p.head_dim);
    maximum = std::max(maximum, weights[a]);
  }
  ArrayMap<T> row(weights, p.slots);
  row -= maximum;
  exp_in_place(weights, p.slots);
  T sum = 0;
  for (std::int64_t a = 0; a < p.slots; ++a) {
    sum += weights[a];
  }
  row /= sum;
  return wanted ? maximum + std::log(sum) : T(0);
}

template <class T>
HeadRows<T> rows_of(const SlotProblem& p,
                    const Tensor& query,
                    const Tensor& key,
                    const Tensor& value,
                    const Tensor& gates,
                    std::int64_t token,
                    std::int64_t head) {
  const std::int64_t at = token * p.dim + head * p.head_dim;
  return {query.data<T>() + at,
          key.data<T>() + at,
          value.data<T>() + at,
          gates.data<T>() + (token * p.heads + head) * p.slots};
}

template <class T>
void forward(const kernels::SlotAttentionForward& k) {
  const SlotProblem p(k.key, k.value, k.gates);
  const ThreadScratch<T> scratch(p.state_size() + p.slots);
  parallel_for(
      k.segments.size() * p.heads, p.work(k.segments.num_tokens()), [&](std::int64_t unit) {
        const std::int64_t b = unit / p.heads;
        const std::int64_t begin = k.segments.begin(b);
        const HeadRows<T> in =
            rows_of<T>(p, k.query, k.key, k.value, k.gates, begin, unit % p.heads);
        T* result = k.out.data<T>() + begin * p.dim + unit % p.heads * p.head_dim;
        T* weights = scratch.get();
        T* state = weights + p.slots;
        double* carried =
            k.state.defined() ? k.state.data<double>() + unit * p.state_size() : nullptr;
        std::fill(state, state + p.state_size(), T(0));
        for (std::int64_t t = 0; t < k.segments.length(b); ++t) {
          if (carried != nullptr) {
            renew_carried_state(p, in, t, carried, state);
          } else {
            renew_state(p, in, t, state, state);
          }
          const T log_denominator =
              slot_weights(p, in.query + t * p.dim, state, k.log_sum.defined(), weights);
          if (k.log_sum.defined()) {
            k.log_sum.data<T>()[(begin + t) * p.heads + unit % p.heads] = log_denominator;
          }
          T* row = result + t * p.dim;
          std::fill(row, row + p.head_dim, T(0));
          for (std::int64_t a = 0; a < p.slots; ++a) {
            add_scaled(state + p.value_at() + a * p.head_dim, weights[a], p.head_dim, row);
          }
        }
      });
}

template <class T>
struct HeadGrads {
  const T* out;
  const T* log_sum;  ///< null without a gradient
  T* query;
  T* key;
  T* value;
  T* gates;
};

// Backward of one token, from the states before and after it: adds to the state's gradient,
// computes the token's gradients from it, and moves it one token back.
template <class T>
void backward_token(const SlotProblem& p,
                    const HeadRows<T>& in,
                    const HeadGrads<T>& grad,
                    std::int64_t t,
                    const T* before,
                    const T* after,
                    T* grad_state,
                    T* weights) {
  const std::int64_t length = p.head_dim;
  const std::int64_t row = t * p.dim;
  const std::int64_t gate_row = t * p.heads * p.slots;
  T* grad_weights = weights + p.slots;
  slot_weights(p, in.query + row, after, /*wanted=*/false, weights);
  T mean = 0;
  for (std::int64_t a = 0; a < p.slots; ++a) {
    grad_weights[a] = dot(grad.out + row, after + p.value_at() + a * length, length);
    mean += weights[a] * grad_weights[a];
  }
  // dL/ds_a = w_a (dL/dw_a - mean), plus w_a times the gradient of the log of the denominator.
  if (grad.log_sum != nullptr) {
    mean -= grad.log_sum[t * p.heads];
  }
  std::fill(grad.query + row, grad.query + row + length, T(0));
  std::fill(grad.value + row, grad.value + row + length, T(0));
  if (!p.shared) {
    std::fill(grad.key + row, grad.key + row + length, T(0));
  }
  for (std::int64_t a = 0; a < p.slots; ++a) {
    const T grad_score = weights[a] * (grad_weights[a] - mean);
    const T gate = in.gates[gate_row + a];
    T* grad_keys = grad_state + a * length;
    T* grad_values = grad_state + p.value_at() + a * length;
    add_scaled(after + a * length, grad_score, length, grad.query + row);
    add_scaled(in.query + row, grad_score, length, grad_keys);
    add_scaled(grad.out + row, weights[a], length, grad_values);
    // The gate's gradient is (x - before) . the state's gradient, which then splits between x and
    // before.
    const auto pass_on = [&](const T* x, const T* old, T* gradient, T* grad_x) {
      LaneSum<T> sum;
      for_lanes<T>(length, [&](auto zero, std::int64_t j) {
        using V = decltype(zero);
        const V g = load<V>(gradient + j);
        sum.add(g * (load<V>(x + j) - load<V>(old + j)));
        store<V>(grad_x + j, load<V>(grad_x + j) + gate * g);
        store<V>(gradient + j, g - gate * g);
      });
      return sum.total();
    };
    T grad_gate =
        pass_on(in.value + row, before + p.value_at() + a * length, grad_values, grad.value + row);
    if (!p.shared) {
      grad_gate += pass_on(in.key + row, before + a * length, grad_keys, grad.key + row);
    }
    grad.gates[gate_row + a] = grad_gate;
  }
}

template <class T>
void backward(const kernels::SlotAttentionBackward& k) {
  const SlotProblem p(k.key, k.value, k.gates);
  const std::int64_t size = p.state_size();
  const std::int64_t max_chunks = (k.segments.max_length() + kChunk - 1) / kChunk;
  // The states before each chunk, those of one chunk, the state's gradient, two rows of weights.
  const ThreadScratch<T> scratch((max_chunks + kChunk + 2) * size + 2 * p.slots);
  parallel_for(
      k.segments.size() * p.heads, 3.0 * p.work(k.segments.num_tokens()), [&](std::int64_t unit) {
        const std::int64_t b = unit / p.heads;
        const std::int64_t begin = k.segments.begin(b);
        const std::int64_t head = unit % p.heads;
        const std::int64_t at = begin * p.dim + head * p.head_dim;
        const HeadRows<T> in = rows_of<T>(p, k.query, k.key, k.value, k.gates, begin, head);
        const HeadGrads<T> grad{
            k.grad_out.data<T>() + at,
            k.grad_log_sum.defined() ? k.grad_log_sum.data<T>() + begin * p.heads + head : nullptr,
            k.grad_query.data<T>() + at,
            p.shared ? nullptr : k.grad_key.data<T>() + at,
            k.grad_value.data<T>() + at,
            k.grad_gates.data<T>() + (begin * p.heads + head) * p.slots};
        T* checkpoints = scratch.get();
        T* states =
            checkpoints + max_chunks * size;  // [kChunk + 1]: before the chunk, after each token
        T* grad_state = states + (kChunk + 1) * size;
        T* weights = grad_state + size;
        const Tiles chunks{k.segments.length(b), kChunk};
        std::fill(states, states + size, T(0));
        for (std::int64_t c = 0; c < chunks.count(); ++c) {
          std::copy(states, states + size, checkpoints + c * size);
          for (std::int64_t t = chunks.begin(c); c + 1 < chunks.count() && t < chunks.end(c); ++t) {
            renew_state(p, in, t, states, states);
          }
        }
        std::fill(grad_state, grad_state + size, T(0));
        for (std::int64_t c = chunks.count() - 1; c >= 0; --c) {
          std::copy(checkpoints + c * size, checkpoints + (c + 1) * size, states);
          for (std::int64_t t = chunks.begin(c); t < chunks.end(c); ++t) {
            T* before = states + (t - chunks.begin(c)) * size;
            renew_state(p, in, t, before, before + size);
          }
          for (std::int64_t t = chunks.end(c) - 1; t >= chunks.begin(c); --t) {
            const T* before = states + (t - chunks.begin(c)) * size;
            backward_token(p, in, grad, t, before, before + size, grad_state, weights);
          }
        }
      });
}

const OnCpu slot_attention_forward_entry{forward<float>, forward<double>};

const OnCpu slot_attention_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
