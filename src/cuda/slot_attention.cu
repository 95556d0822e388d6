// Causal attention to k slots per head, forward. Lanes share it as slots.cuh describes: once
// through kSteps tokens for the scores, once more for the sums of values.
#include "cuda/slots.cuh"
#include "tensor/kernels/slot_attention.h"

namespace elastic::cuda {
namespace {

// Adds to scores [k, kSteps] the products of the queries from token `first` on with the slots'
// keys, and advances `state` where keys are not values.
template <class T>
__device__ __forceinline__ void add_scores(const Slots& p,
                                           const SlotUnit& unit,
                                           const T* query,
                                           const T* key,
                                           const T* gate,
                                           int first,
                                           T* state,
                                           T* scores) {
  for (int begin = 0; begin < p.head_dim; begin += p.lanes) {
    const int j = begin + unit.lane;
    T q[kSteps];
    T x[kSteps];
    load_steps(p, unit, query, first, j, q);
    load_steps(p, unit, key, first, j, x);
    for (int a = 0; a < p.slots; ++a) {
      T s = j < p.head_dim ? state[a * p.head_dim + j] : T(0);
      T products[kSteps];
#pragma unroll
      for (int i = 0; i < kSteps; ++i) {
        s += gate[a * kSteps + i] * (x[i] - s);
        products[i] = q[i] * s;
      }
      if (p.parts == 2 && j < p.head_dim) {
        state[a * p.head_dim + j] = s;
      }
      sum_steps(p.lanes, products, [&](int i, T sum) { scores[a * kSteps + i] += sum; });
    }
  }
}

// `states` before every chunk, null for zero; `log_sum` may be null.
template <class T>
__global__ void __launch_bounds__(kSlotWarps* kWarp) slot_attention_kernel(Slots p,
                                                                           const T* query,
                                                                           const T* key,
                                                                           const T* value,
                                                                           const T* gates,
                                                                           const T* states,
                                                                           T* out,
                                                                           T* log_sum) {
  const SlotUnit unit(p);
  const int longest = warp_max(unit.length);
  if (longest == 0) {
    return;
  }
  T* state = dynamic_shared<T>() + unit.place * (p.state_size() + 2 * p.slots * kSteps);
  T* gate = state + p.state_size();  // [k, kSteps]
  T* weights = gate + p.slots * kSteps;
  load_state(p, unit, states, state);
  for (int first = 0; first < longest; first += kSteps) {
    __syncwarp();
    stage_gates(p, unit, gates, first, 0, p.slots, gate);
    for (int e = unit.lane; e < p.slots * kSteps; e += p.lanes) {
      weights[e] = T(0);
    }
    __syncwarp();
    add_scores(p, unit, query, key, gate, first, state, weights);
    __syncwarp();
    slot_softmax(p, unit, first, weights, log_sum);
    __syncwarp();
    for (int j = unit.lane; j < p.head_dim; j += p.lanes) {
      T x[kSteps];
      T sums[kSteps] = {};
      load_steps(p, unit, value, first, j, x);
      for (int a = 0; a < p.slots; ++a) {
        T& last = state[p.value_at() + a * p.head_dim + j];
        T s = last;
#pragma unroll
        for (int i = 0; i < kSteps; ++i) {
          s += gate[a * kSteps + i] * (x[i] - s);
          sums[i] += weights[a * kSteps + i] * s;
        }
        last = s;
      }
      store_steps(p, unit, sums, first, j, false, out);
    }
  }
}

template <class T>
void slot_attention_forward(const kernels::SlotAttentionForward& k) {
  const char* op = k.kName;
  if (k.segments.is_planned()) {
    fill_elements(k.out, 0.0);  // rows after the last segment stay zero
    if (k.log_sum.defined()) {
      fill_elements(k.log_sum, 0.0);
    }
  }
  const Slots p(k.key, k.value, k.gates, k.segments);
  Tensor states;
  if (k.state.defined()) {
    states = workspace<T>(p.units * p.state_size());
    carry_slot_states(op,
                      p,
                      k.key.data<T>(),
                      k.value.data<T>(),
                      k.gates.data<T>(),
                      k.state.data<double>(),
                      states.data<T>());
  } else if (!RaggedChunks::single(k.segments)) {
    states = workspace<T>(p.units * (p.state_size() + p.slots));
    T* data = states.data<T>();
    slot_states(op,
                p,
                k.key.data<T>(),
                k.value.data<T>(),
                k.gates.data<T>(),
                data,
                /*products=*/data + p.units * p.state_size());
  }
  launch_units<T>(op,
                  slot_attention_kernel<T>,
                  p,
                  p.state_size() + 2 * p.slots * kSteps,
                  k.query.data<T>(),
                  k.key.data<T>(),
                  k.value.data<T>(),
                  k.gates.data<T>(),
                  data_or_null<T>(states),
                  k.out.data<T>(),
                  data_or_null<T>(k.log_sum));
}
const OnCuda slot_attention_forward_entry{slot_attention_forward<float>,
                                          slot_attention_forward<double>};

}  // namespace
}  // namespace elastic::cuda
