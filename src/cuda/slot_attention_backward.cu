// Causal attention to k slots per head, backward, in three steps: from the first token on, the
// probabilities, their gradients and the query's; the gradients of the states at the bounds of
// chunks (slot_states.cu); from the last token on, the rest. slots.cuh: how lanes share the work.
#include "cuda/slots.cuh"
#include "tensor/kernels/slot_attention.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Backward {
  const T* query;
  const T* key;
  const T* value;
  const T* gates;
  const T* states;  ///< before every chunk; null for zero
  const T* grad_out;
  const T* grad_log_sum;  ///< [T, H]; null where it has none
  T* probs;               ///< [T, H, k]
  T* grad_scores;         ///< [T, H, k]
  T* grad_query;
};

// Adds to scores [k, kSteps] the products of the queries from token `first` on with the slots'
// keys, and to by_grad those of the outputs' gradients with the slots' values; advances the values
// in `state` where keys are not values.
template <class T>
__device__ __forceinline__ void add_products(const Slots& p,
                                             const SlotUnit& unit,
                                             const Backward<T>& args,
                                             const T* gate,
                                             int first,
                                             T* state,
                                             T* scores,
                                             T* by_grad) {
  for (int begin = 0; begin < p.head_dim; begin += p.lanes) {
    const int j = begin + unit.lane;
    T q[kSteps];
    T g[kSteps];
    T key[kSteps];
    T value[kSteps];
    load_steps(p, unit, args.query, first, j, q);
    load_steps(p, unit, args.grad_out, first, j, g);
    load_steps(p, unit, args.key, first, j, key);
    load_steps(p, unit, args.value, first, j, value);
    for (int a = 0; a < p.slots; ++a) {
      const int at = a * p.head_dim + j;
      T s = j < p.head_dim ? state[at] : T(0);
      T v = j < p.head_dim ? state[p.value_at() + at] : T(0);
      T by_query[kSteps];
      T by_gradient[kSteps];
#pragma unroll
      for (int i = 0; i < kSteps; ++i) {
        s += gate[a * kSteps + i] * (key[i] - s);
        v += gate[a * kSteps + i] * (value[i] - v);
        by_query[i] = q[i] * s;
        by_gradient[i] = g[i] * v;
      }
      if (p.parts == 2 && j < p.head_dim) {
        state[p.value_at() + at] = v;
      }
      sum_steps(p.lanes, by_query, [&](int i, T sum) { scores[a * kSteps + i] += sum; });
      sum_steps(p.lanes, by_gradient, [&](int i, T sum) { by_grad[a * kSteps + i] += sum; });
    }
  }
}

// With w = softmax over slots(q . K), g = dL/d(out) and l = dL/d(log of the denominator), turns
// grads [k, kSteps] from g . V_a into dL/ds_a = w_a (g . V_a - sum_b w_b g . V_b + l), and writes
// both w and dL/ds.
template <class T>
__device__ __forceinline__ void slot_score_gradients(const Slots& p,
                                                     const SlotUnit& unit,
                                                     const Backward<T>& args,
                                                     int first,
                                                     const T* weights,
                                                     T* grads) {
  for_each_step(p, unit, [&](int i, int begin, int step, const auto& combine) {
    T mean = 0;
    for (int a = begin; a < p.slots; a += step) {
      mean += weights[a * kSteps + i] * grads[a * kSteps + i];
    }
    mean = combine(mean, [](T x, T y) { return x + y; });
    if (args.grad_log_sum != nullptr && first + i < unit.length) {
      mean -= args.grad_log_sum[unit.head_row(p, first + i)];
    }
    const std::int64_t row =
        unit.gate_row + static_cast<std::int64_t>(first + i) * p.heads * p.slots;
    for (int a = begin; a < p.slots; a += step) {
      const T weight = weights[a * kSteps + i];
      const T grad = weight * (grads[a * kSteps + i] - mean);
      grads[a * kSteps + i] = grad;
      if (first + i < unit.length) {
        args.probs[row + a] = weight;
        args.grad_scores[row + a] = grad;
      }
    }
  });
}

// From the first token on: the probabilities, their gradients and dL/dq = sum_a dL/ds_a K_a.
template <class T>
__global__ void __launch_bounds__(kSlotWarps* kWarp) slot_scores_kernel(Slots p, Backward<T> args) {
  const SlotUnit unit(p);
  const int longest = warp_max(unit.length);
  if (longest == 0) {
    return;
  }
  const int tile = p.slots * kSteps;
  T* state = dynamic_shared<T>() + unit.place * (p.state_size() + 3 * tile);
  T* gate = state + p.state_size();  // [k, kSteps]
  T* weights = gate + tile;
  T* grads = weights + tile;
  load_state(p, unit, args.states, state);
  for (int first = 0; first < longest; first += kSteps) {
    __syncwarp();
    stage_gates(p, unit, args.gates, first, 0, p.slots, gate);
    for (int e = unit.lane; e < tile; e += p.lanes) {
      weights[e] = T(0);
      grads[e] = T(0);
    }
    __syncwarp();
    add_products(p, unit, args, gate, first, state, weights, grads);
    __syncwarp();
    slot_softmax(p, unit, first, weights, static_cast<T*>(nullptr));
    __syncwarp();
    slot_score_gradients(p, unit, args, first, weights, grads);
    __syncwarp();
    for (int j = unit.lane; j < p.head_dim; j += p.lanes) {
      T x[kSteps];
      T sums[kSteps] = {};
      load_steps(p, unit, args.key, first, j, x);
      for (int a = 0; a < p.slots; ++a) {
        T s = state[a * p.head_dim + j];
#pragma unroll
        for (int i = 0; i < kSteps; ++i) {
          s += gate[a * kSteps + i] * (x[i] - s);
          sums[i] += grads[a * kSteps + i] * s;
        }
        state[a * p.head_dim + j] = s;
      }
      store_steps(p, unit, sums, first, j, false, args.grad_query);
    }
  }
}

constexpr int kCheckpoints = kRecurrenceChunk / kSteps;

// Numbers of shared memory of a unit with `group` slots at a time: states at every kSteps-th token,
// the state's gradient, and gates, probabilities and gradients of scores.
__host__ __device__ int reverse_size(const Slots& p, int group) {
  return (kCheckpoints + 1) * p.parts * group * p.head_dim + 3 * group * kSteps;
}

template <class T>
struct Reverse {
  const T* grad_states;  ///< after every chunk; null for zero
  T* grad_key;
  T* grad_value;
  T* grad_gates;
};

// One slot's feature through kSteps tokens, the last first: with G the gradient of its state after
// a token, the token's own part included, dx += gate G, d(gate) = G (x - state before), and
// (1 - gate) G goes to the token before.
template <class T, class Given>
__device__ __forceinline__ void reverse_steps(const T* gate,
                                              const T (&x)[kSteps],
                                              T state,
                                              const Given& given,
                                              T& gradient,
                                              T (&grad_x)[kSteps],
                                              T (&grad_gate)[kSteps]) {
  T before[kSteps];
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    before[i] = state;
    state += gate[i] * (x[i] - state);
  }
  T g = gradient;
#pragma unroll
  for (int i = kSteps - 1; i >= 0; --i) {
    g += given(i);
    grad_gate[i] += g * (x[i] - before[i]);
    grad_x[i] += gate[i] * g;
    g -= gate[i] * g;
  }
  gradient = g;
}

// Slots are taken `group` at a time, one group after the other; kParts is p.parts.
// One piece: with its steps as functions, the float kernel of two parts takes 191 registers, not
// 164 (nvcc 13, sm_90), and fewer blocks fit on a multiprocessor.
template <int kParts, class T>
__global__ void __launch_bounds__(kSlotWarps* kWarp)
    slot_reverse_kernel(Slots p, int group, Backward<T> args, Reverse<T> grads) {
  const SlotUnit unit(p);
  const int longest = warp_max(unit.length);
  if (longest == 0) {
    return;
  }
  const int pieces = (longest + kSteps - 1) / kSteps;
  const int part = group * p.head_dim;
  T* checkpoints = dynamic_shared<T>() + unit.place * reverse_size(p, group);
  T* gradient = checkpoints + kCheckpoints * kParts * part;
  T* gate = gradient + kParts * part;  // [group, kSteps]
  T* prob = gate + group * kSteps;
  T* grad_score = prob + group * kSteps;
  for (int first_slot = 0; first_slot < p.slots; first_slot += group) {
    const int count = p.slots - first_slot < group ? p.slots - first_slot : group;
    const bool others = first_slot > 0;  // earlier groups have written the gradients
    // The states at every piece of the chunk; a lane reads and writes its own features alone.
    for (int piece = 0; piece < pieces; ++piece) {
      const int first = (piece - 1) * kSteps;
      __syncwarp();
      if (piece > 0) {
        stage_gates(p, unit, args.gates, first, first_slot, count, gate);
      }
      __syncwarp();
      for (int k = 0; k < kParts; ++k) {
        for (int j = unit.lane; j < p.head_dim; j += p.lanes) {
          T x[kSteps];
          if (piece > 0) {
            load_steps(p, unit, k + 1 == kParts ? args.value : args.key, first, j, x);
          }
          for (int a = 0; a < count; ++a) {
            const int at = k * part + a * p.head_dim + j;
            const std::int64_t source = unit.number * p.state_size() + k * p.part_size() +
                                        (first_slot + a) * p.head_dim + j;
            T s = 0;
            if (piece > 0) {
              s = checkpoints[(piece - 1) * kParts * part + at];
#pragma unroll
              for (int i = 0; i < kSteps; ++i) {
                s += gate[a * kSteps + i] * (x[i] - s);
              }
            } else {
              const bool some = unit.length > 0 && args.states != nullptr;
              s = some ? args.states[source] : T(0);
              gradient[at] = some ? grads.grad_states[source] : T(0);
            }
            checkpoints[piece * kParts * part + at] = s;
          }
        }
      }
    }
    for (int piece = pieces - 1; piece >= 0; --piece) {
      const int first = piece * kSteps;
      __syncwarp();
      stage_gates(p, unit, args.gates, first, first_slot, count, gate);
      stage_gates(p, unit, args.probs, first, first_slot, count, prob);
      stage_gates(p, unit, args.grad_scores, first, first_slot, count, grad_score);
      __syncwarp();
      for (int begin = 0; begin < p.head_dim; begin += p.lanes) {
        const int j = begin + unit.lane;
        const bool inside = j < p.head_dim;
        T q[kSteps];
        T g[kSteps];
        T key[kSteps];
        T value[kSteps];
        T grad_key[kSteps] = {};
        T grad_value[kSteps] = {};
        load_steps(p, unit, args.query, first, j, q);
        load_steps(p, unit, args.grad_out, first, j, g);
        load_steps(p, unit, args.value, first, j, value);
        if constexpr (kParts == 2) {
          load_steps(p, unit, args.key, first, j, key);
        }
        for (int a = 0; a < count; ++a) {
          const T* slot_gate = gate + a * kSteps;
          const T* slot_prob = prob + a * kSteps;
          const T* slot_score = grad_score + a * kSteps;
          const T* states = checkpoints + piece * kParts * part;
          const int at = a * p.head_dim + j;
          const int value_at = (kParts - 1) * part + at;
          T grad_gate[kSteps] = {};
          T grad = inside ? gradient[value_at] : T(0);
          const T state = inside ? states[value_at] : T(0);
          if constexpr (kParts == 1) {
            reverse_steps(
                slot_gate,
                value,
                state,
                [&](int i) { return slot_prob[i] * g[i] + slot_score[i] * q[i]; },
                grad,
                grad_value,
                grad_gate);
          } else {
            reverse_steps(
                slot_gate,
                value,
                state,
                [&](int i) { return slot_prob[i] * g[i]; },
                grad,
                grad_value,
                grad_gate);
            T grad_keys = inside ? gradient[at] : T(0);
            reverse_steps(
                slot_gate,
                key,
                inside ? states[at] : T(0),
                [&](int i) { return slot_score[i] * q[i]; },
                grad_keys,
                grad_key,
                grad_gate);
            if (inside) {
              gradient[at] = grad_keys;
            }
          }
          if (inside) {
            gradient[value_at] = grad;
          }
          sum_steps(p.lanes, grad_gate, [&](int i, T sum) {
            if (first + i < unit.length) {
              T& result =
                  grads.grad_gates[unit.gate_row +
                                   static_cast<std::int64_t>(first + i) * p.heads * p.slots +
                                   first_slot + a];
              result = begin > 0 ? result + sum : sum;
            }
          });
        }
        store_steps(p, unit, grad_value, first, j, others, grads.grad_value);
        if constexpr (kParts == 2) {
          store_steps(p, unit, grad_key, first, j, others, grads.grad_key);
        }
      }
    }
  }
}

// Slots at a time: as many as leave room for eight warps on a multiprocessor, at least one.
template <class T>
int choose_group(const Slots& p) {
  const auto share = static_cast<std::int64_t>(runtime().shared_limit() / sizeof(T) / kWarps);
  int group = p.slots;
  while (group > 1 && std::int64_t{reverse_size(p, group)} * (kWarp / p.lanes) > share) {
    group = (group + 1) / 2;
  }
  return group;
}

template <class T>
void slot_attention_backward(const kernels::SlotAttentionBackward& k) {
  const char* op = k.kName;
  const Slots p(k.key, k.value, k.gates, k.segments);
  if (k.segments.is_planned()) {  // rows after the last segment stay zero
    fill_elements(k.grad_query, 0.0);
    fill_elements(k.grad_value, 0.0);
    fill_elements(k.grad_gates, 0.0);
    if (p.parts == 2) {
      fill_elements(k.grad_key, 0.0);
    }
  }
  Tensor states;
  Tensor grad_states;
  T* products = nullptr;
  if (!RaggedChunks::single(k.segments)) {
    states = workspace<T>(p.units * (p.state_size() + p.slots));
    grad_states = workspace<T>(p.units * p.state_size());
    products = states.data<T>() + p.units * p.state_size();
    slot_states(
        op, p, k.key.data<T>(), k.value.data<T>(), k.gates.data<T>(), states.data<T>(), products);
  }
  Tensor scores = workspace<T>(2 * k.gates.numel());
  const Backward<T> args{k.query.data<T>(),
                         k.key.data<T>(),
                         k.value.data<T>(),
                         k.gates.data<T>(),
                         data_or_null<T>(states),
                         k.grad_out.data<T>(),
                         data_or_null<T>(k.grad_log_sum),
                         scores.data<T>(),
                         scores.data<T>() + k.gates.numel(),
                         k.grad_query.data<T>()};
  launch_units<T>(op, slot_scores_kernel<T>, p, p.state_size() + 3 * p.slots * kSteps, args);
  if (states.defined()) {
    slot_state_gradients(op,
                         p,
                         args.query,
                         args.grad_out,
                         args.gates,
                         static_cast<const T*>(args.probs),
                         static_cast<const T*>(args.grad_scores),
                         static_cast<const T*>(products),
                         grad_states.data<T>());
  }
  const Reverse<T> grads{data_or_null<T>(grad_states),
                         p.parts == 2 ? k.grad_key.data<T>() : nullptr,
                         k.grad_value.data<T>(),
                         k.grad_gates.data<T>()};
  const int group = choose_group<T>(p);
  auto* kernel = p.parts == 1 ? slot_reverse_kernel<1, T> : slot_reverse_kernel<2, T>;
  launch_units<T>(op, kernel, p, reverse_size(p, group), group, args, grads);
}
const OnCuda slot_attention_backward_entry{slot_attention_backward<float>,
                                           slot_attention_backward<double>};

}  // namespace
}  // namespace elastic::cuda
