// Gated running means in k slots per head, shared by their kernels: with gates g,
// S_t = S_{t-1} + g_t (x_t - S_{t-1}) for each slot.
//
// A unit, one head's chunk of a segment, belongs to a group of lanes, a feature each (or several,
// 32 apart). Lanes take kSteps tokens at a time: a slot's states at these tokens stay in registers,
// so that sums over slots are a lane's own, and sums over features of all the tokens are folded
// together.
#pragma once

#include "cuda/ragged_chunks.cuh"
#include "cuda/runtime.h"
#include "tensor/segments.h"

namespace elastic::cuda {

constexpr int kSteps = 8;
constexpr int kSlotWarps =
    4;  ///< of a block at most: several blocks fit though kernels take many registers

/// Lanes of a unit with `head_dim` features: a power of two, at most a warp.
inline int unit_lanes(int head_dim) {
  int lanes = 1;
  while (lanes < head_dim && lanes < kWarp) {
    lanes *= 2;
  }
  return lanes;
}

struct Slots {
  RaggedChunks chunks;
  std::int64_t units;  ///< places of chunks times heads
  int dim;
  int heads;
  int head_dim;
  int slots;
  int parts;  ///< of a state: keys and values, or 1 where keys are values
  int lanes;  ///< of a unit: a power of two

  Slots(const Tensor& key, const Tensor& value, const Tensor& gates, const Segments& segments)
      : chunks(segments),
        dim(static_cast<int>(value.cols())),
        heads(static_cast<int>(gates.shape()[1])),
        head_dim(dim / heads),
        slots(static_cast<int>(gates.shape()[2])),
        parts(key.raw_data() == value.raw_data() ? 1 : 2),
        lanes(unit_lanes(head_dim)) {
    units = RaggedChunks::places(segments) * heads;
  }

  [[nodiscard]] __host__ __device__ int part_size() const { return slots * head_dim; }
  /// Of a state [parts, k, Dh], keys before values.
  [[nodiscard]] __host__ __device__ int state_size() const { return parts * part_size(); }
  /// Offset of the values in a state.
  [[nodiscard]] __host__ __device__ int value_at() const { return (parts - 1) * part_size(); }
};

/// The unit of a lane.
struct SlotUnit {
  std::int64_t number;
  int place;              ///< in the block
  int lane;               ///< in the unit
  int length;             ///< tokens; 0 where there is no chunk
  std::int64_t row;       ///< its first token's and head's, in [T, D]
  std::int64_t gate_row;  ///< the same in [T, H, k]

  __device__ explicit SlotUnit(const Slots& p)
      : place(thread_index() / p.lanes), lane(thread_index() % p.lanes), length(0) {
    number = static_cast<std::int64_t>(blockIdx.x) * (num_threads() / p.lanes) + place;
    row = 0;
    gate_row = 0;
    if (number < p.units) {
      const RaggedChunks::Chunk chunk = p.chunks.at(number / p.heads);
      const int head = static_cast<int>(number % p.heads);
      length = chunk.length;
      row = chunk.begin * p.dim + head * p.head_dim;
      gate_row = (chunk.begin * p.heads + head) * p.slots;
    }
  }
  /// A token's place in [T, H].
  [[nodiscard]] __device__ std::int64_t head_row(const Slots& p, int token) const {
    return gate_row / p.slots + static_cast<std::int64_t>(token) * p.heads;
  }
};

/// Loads the unit's state before its chunk: zero without a chunk, or where `states` is null.
template <class T>
__device__ __forceinline__ void load_state(const Slots& p,
                                           const SlotUnit& unit,
                                           const T* states,
                                           T* state) {
  for (int e = unit.lane; e < p.state_size(); e += p.lanes) {
    state[e] =
        states != nullptr && unit.length > 0 ? states[unit.number * p.state_size() + e] : T(0);
  }
}

/// x[i] = feature j at token first + i; zero past the unit's tokens or the head's features.
template <class T>
__device__ __forceinline__ void load_steps(
    const Slots& p, const SlotUnit& unit, const T* source, int first, int j, T (&x)[kSteps]) {
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    const int t = first + i;
    x[i] = t < unit.length && j < p.head_dim
               ? source[unit.row + static_cast<std::int64_t>(t) * p.dim + j]
               : T(0);
  }
}

/// Writes, or adds, x to the elements that load_steps reads.
template <class T>
__device__ __forceinline__ void store_steps(const Slots& p,
                                            const SlotUnit& unit,
                                            const T (&x)[kSteps],
                                            int first,
                                            int j,
                                            bool add,
                                            T* target) {
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    const int t = first + i;
    if (t < unit.length && j < p.head_dim) {
      T& element = target[unit.row + static_cast<std::int64_t>(t) * p.dim + j];
      element = add ? element + x[i] : x[i];
    }
  }
}

/// rows [count, kSteps] = numbers of the slots from `first_slot` on at the tokens from `first` on,
/// of [T, H, k]; zero past the unit's tokens. To be followed by __syncwarp().
template <class T>
__device__ __forceinline__ void stage_gates(const Slots& p,
                                            const SlotUnit& unit,
                                            const T* source,
                                            int first,
                                            int first_slot,
                                            int count,
                                            T* rows) {
  for (int e = unit.lane; e < count * kSteps; e += p.lanes) {
    const int t = first + e / count;
    const std::int64_t token = static_cast<std::int64_t>(t) * p.heads * p.slots;
    rows[e % count * kSteps + e / count] =
        t < unit.length ? source[unit.gate_row + token + first_slot + e % count] : T(0);
  }
}

// Halves a lane's numbers: lanes with bit `kCount` keep the upper half, others the lower.
template <int kCount, class T>
__device__ __forceinline__ void fold(T (&x)[kSteps]) {
  const bool upper = (lane_index() & kCount) != 0;
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    const T sent = upper ? x[i] : x[i + kCount];
    const T kept = upper ? x[i + kCount] : x[i];
    x[i] = kept + __shfl_xor_sync(0xFFFFFFFFU, sent, kCount);
  }
}

/// emit(i, sum of x[i] over the unit's lanes), each i on one lane. All lanes of the warp must call.
template <class T, class Emit>
__device__ __forceinline__ void sum_steps(int lanes, T (&x)[kSteps], const Emit& emit) {
  static_assert(kSteps == 8);
  const int lane = lane_index() % lanes;
  if (lanes >= kSteps) {
    fold<4>(x);
    fold<2>(x);
    fold<1>(x);
    T sum = x[0];
    for (int mask = kSteps; mask < lanes; mask *= 2) {
      sum += __shfl_xor_sync(0xFFFFFFFFU, sum, mask);
    }
    if (lane < kSteps) {
      emit(lane, sum);
    }
    return;
  }
  for (int mask = 1; mask < lanes; mask *= 2) {
#pragma unroll
    for (int i = 0; i < kSteps; ++i) {
      x[i] += __shfl_xor_sync(0xFFFFFFFFU, x[i], mask);
    }
  }
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    if (i % lanes == lane) {
      emit(i, x[i]);
    }
  }
}

/// body(token, first slot, step, fold) for each of kSteps tokens: lanes share a token's slots, from
/// `first slot` by `step`; fold(value, combine) combines a value over them.
template <class Body>
__device__ __forceinline__ void for_each_step(const Slots& p,
                                              const SlotUnit& unit,
                                              const Body& body) {
  const int tokens = p.lanes < kSteps ? p.lanes : kSteps;
  for (int first = 0; first < kSteps; first += tokens) {
    const auto combine = [&](auto value, const auto& both) {
      for (int mask = tokens; mask < p.lanes; mask *= 2) {
        value = both(value, __shfl_xor_sync(0xFFFFFFFFU, value, mask));
      }
      return value;
    };
    body(first + unit.lane % tokens, unit.lane / tokens, p.lanes / tokens, combine);
  }
}

/// Softmax over slots of scores [k, kSteps], token by token; the logs of the denominators of the
/// tokens from `first` on go to log_sum [T, H] where it is not null.
template <class T>
__device__ void slot_softmax(
    const Slots& p, const SlotUnit& unit, int first, T* scores, T* log_sum) {
  for_each_step(p, unit, [&](int i, int begin, int step, const auto& combine) {
    T maximum = lowest<T>();
    for (int a = begin; a < p.slots; a += step) {
      maximum = maximum < scores[a * kSteps + i] ? scores[a * kSteps + i] : maximum;
    }
    maximum = combine(maximum, [](T x, T y) { return x < y ? y : x; });
    T sum = 0;
    for (int a = begin; a < p.slots; a += step) {
      scores[a * kSteps + i] = exp(scores[a * kSteps + i] - maximum);
      sum += scores[a * kSteps + i];
    }
    sum = combine(sum, [](T x, T y) { return x + y; });
    if (log_sum != nullptr && begin == 0 && first + i < unit.length) {
      log_sum[unit.head_row(p, first + i)] = maximum + log(sum);
    }
    for (int a = begin; a < p.slots; a += step) {
      scores[a * kSteps + i] /= sum;
    }
  });
}

/// States before every chunk [units, parts, k, Dh], and the products of (1 - gate) over every chunk
/// [units, k].
template <class T>
void slot_states(const char* op,
                 const Slots& p,
                 const T* key,
                 const T* value,
                 const T* gates,
                 T* states,
                 T* products);

/// The same for streams: `carried` [B, H, parts k, Dh] is the state at the segments' start and
/// becomes the state at their end, token by token in float64.
template <class T>
void carry_slot_states(const char* op,
                       const Slots& p,
                       const T* key,
                       const T* value,
                       const T* gates,
                       double* carried,
                       T* states);

/// Gradients of the states after every chunk, from the tokens' parts: probs[t] grad_out[t] for a
/// slot's value, grad_scores[t] query[t] for its key.
template <class T>
void slot_state_gradients(const char* op,
                          const Slots& p,
                          const T* query,
                          const T* grad_out,
                          const T* gates,
                          const T* probs,
                          const T* grad_scores,
                          const T* products,
                          T* grads);

/// Warps of a block when each needs `bytes` of shared memory: two blocks of them to a
/// multiprocessor where that is possible. Throws UsageError when one does not fit.
unsigned int slot_warps(const char* op, std::int64_t bytes);

/// Starts a kernel of p.units units, p.lanes lanes each: a warp takes kWarp / lanes of them, each
/// with `size` numbers of shared memory. Problem: Slots, or another struct with these two members.
template <class T, class Problem, class... Parameters, class... Arguments>
void launch_units(const char* op,
                  void (*kernel)(Problem, Parameters...),
                  const Problem& p,
                  std::int64_t size,
                  Arguments&&... arguments) {
  const std::int64_t units = kWarp / p.lanes;  // of a warp
  const std::int64_t bytes = units * size * static_cast<std::int64_t>(sizeof(T));
  const unsigned int warps = slot_warps(op, bytes);
  runtime().launch(op,
                   kernel,
                   dim3(blocks_of(p.units, units * warps)),
                   warps * kWarp,
                   warps * static_cast<std::size_t>(bytes),
                   p,
                   arguments...);
}

}  // namespace elastic::cuda
