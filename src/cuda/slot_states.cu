// States of gated running means at the bounds of chunks, and their gradients. A thread takes one
// number of a state: through the tokens of a chunk, then through the chunks of a segment.
#include <algorithm>

#include "base/error.h"
#include "cuda/slots.cuh"

namespace elastic::cuda {
namespace {

// A thread's number of a state.
struct Place {
  int slot;
  int feature;
  bool is_value;
  bool is_key;
  __device__ Place(const Slots& p, std::int64_t element) {
    const int in_part = static_cast<int>(element % p.part_size());
    slot = in_part / p.head_dim;
    feature = in_part % p.head_dim;
    is_value = element >= p.value_at();
    is_key = element < p.part_size();
  }
};

// The state at a chunk's end if it is zero at its start.
template <class T>
__global__ void chunk_states_kernel(
    Slots p, const T* key, const T* value, const T* gates, T* states, T* products) {
  const std::int64_t size = p.state_size();
  for (std::int64_t i = grid_thread(); i < p.units * size; i += grid_size()) {
    const std::int64_t unit = i / size;
    const Place at(p, i % size);
    const RaggedChunks::Chunk chunk = p.chunks.at(unit / p.heads);
    const int head = static_cast<int>(unit % p.heads);
    const T* x = (at.is_value ? value : key) + chunk.begin * p.dim + head * p.head_dim + at.feature;
    const T* gate = gates + (chunk.begin * p.heads + head) * p.slots + at.slot;
    const std::int64_t gate_stride = static_cast<std::int64_t>(p.heads) * p.slots;
    T state = 0;
    T product = 1;
#pragma unroll 8
    for (int t = 0; t < chunk.length; ++t) {
      const T g = gate[t * gate_stride];
      state += g * (x[static_cast<std::int64_t>(t) * p.dim] - state);
      product *= T(1) - g;
    }
    states[i] = state;
    if (at.is_value && at.feature == 0) {
      products[unit * p.slots + at.slot] = product;
    }
  }
}

// A chunk's tokens' part of the gradient of the state before it.
template <class T>
__global__ void chunk_gradients_kernel(Slots p,
                                       const T* query,
                                       const T* grad_out,
                                       const T* gates,
                                       const T* probs,
                                       const T* grad_scores,
                                       T* grads) {
  const std::int64_t size = p.state_size();
  for (std::int64_t i = grid_thread(); i < p.units * size; i += grid_size()) {
    const std::int64_t unit = i / size;
    const Place at(p, i % size);
    const RaggedChunks::Chunk chunk = p.chunks.at(unit / p.heads);
    const int head = static_cast<int>(unit % p.heads);
    const std::int64_t row = chunk.begin * p.dim + head * p.head_dim + at.feature;
    const std::int64_t gate_row = (chunk.begin * p.heads + head) * p.slots + at.slot;
    T grad = 0;
#pragma unroll 4
    for (int t = chunk.length - 1; t >= 0; --t) {
      const std::int64_t token = row + static_cast<std::int64_t>(t) * p.dim;
      const std::int64_t gate = gate_row + static_cast<std::int64_t>(t) * p.heads * p.slots;
      if (at.is_value) {
        grad += probs[gate] * grad_out[token];
      }
      if (at.is_key) {
        grad += grad_scores[gate] * query[token];
      }
      grad *= T(1) - gates[gate];
    }
    grads[i] = grad;
  }
}

// Turns each chunk's own part into its start value: first to last, or last to first.
template <class T>
__global__ void scan_chunks_kernel(Slots p, bool reverse, const T* products, T* states) {
  constexpr int kAhead = 8;
  const std::int64_t size = p.state_size();
  for (std::int64_t i = grid_thread(); i < p.chunks.batch * p.heads * size; i += grid_size()) {
    const int segment = static_cast<int>(i / size / p.heads);
    const int head = static_cast<int>(i / size % p.heads);
    const int slot = Place(p, i % size).slot;
    const int count = p.chunks.count(segment);
    const auto unit = [&](int c) {
      const int chunk = reverse ? count - 1 - c : c;
      return (p.chunks.first(segment) + chunk) * p.heads + head;
    };
    T state = 0;
    for (int first = 0; first < count; first += kAhead) {
      T added[kAhead];
      T product[kAhead];
#pragma unroll
      for (int c = 0; c < kAhead; ++c) {
        const bool inside = first + c < count;
        added[c] = inside ? states[unit(first + c) * size + i % size] : T(0);
        product[c] = inside ? products[unit(first + c) * p.slots + slot] : T(1);
      }
#pragma unroll
      for (int c = 0; c < kAhead; ++c) {
        if (first + c < count) {
          states[unit(first + c) * size + i % size] = state;
          state = product[c] * state + added[c];
        }
      }
    }
  }
}

// Moves a stream's number through all tokens of its segment in float64, and writes its value before
// every chunk.
template <class T>
__global__ void carry_states_kernel(
    Slots p, const T* key, const T* value, const T* gates, double* carried, T* states) {
  const std::int64_t size = p.state_size();
  for (std::int64_t i = grid_thread(); i < p.chunks.batch * p.heads * size; i += grid_size()) {
    const int segment = static_cast<int>(i / size / p.heads);
    const int head = static_cast<int>(i / size % p.heads);
    const Place at(p, i % size);
    const T* from = (at.is_value ? value : key) + head * p.head_dim + at.feature;
    const T* gate = gates + head * p.slots + at.slot;
    double state = carried[i];
    for (std::int64_t t = p.chunks.offsets[segment]; t < p.chunks.offsets[segment + 1]; ++t) {
      const std::int64_t in_segment = t - p.chunks.offsets[segment];
      if (in_segment % kRecurrenceChunk == 0) {
        const std::int64_t place = p.chunks.first(segment) + in_segment / kRecurrenceChunk;
        states[(place * p.heads + head) * size + i % size] = static_cast<T>(state);
      }
      const double g = gate[t * p.heads * p.slots];
      state += g * (static_cast<double>(from[t * p.dim]) - state);
    }
    carried[i] = state;
  }
}

template <class T>
void scan_chunks(const char* op, const Slots& p, bool reverse, const T* products, T* states) {
  const std::int64_t count = std::int64_t{p.chunks.batch} * p.heads * p.state_size();
  launch(op, scan_chunks_kernel<T>, element_grid(count), p, reverse, products, states);
}

}  // namespace

template <class T>
void slot_states(const char* op,
                 const Slots& p,
                 const T* key,
                 const T* value,
                 const T* gates,
                 T* states,
                 T* products) {
  launch(op,
         chunk_states_kernel<T>,
         element_grid(p.units * p.state_size()),
         p,
         key,
         value,
         gates,
         states,
         products);
  scan_chunks(op, p, false, products, states);
}

template <class T>
void carry_slot_states(const char* op,
                       const Slots& p,
                       const T* key,
                       const T* value,
                       const T* gates,
                       double* carried,
                       T* states) {
  const std::int64_t count = std::int64_t{p.chunks.batch} * p.heads * p.state_size();
  launch(op, carry_states_kernel<T>, element_grid(count), p, key, value, gates, carried, states);
}

template <class T>
void slot_state_gradients(const char* op,
                          const Slots& p,
                          const T* query,
                          const T* grad_out,
                          const T* gates,
                          const T* probs,
                          const T* grad_scores,
                          const T* products,
                          T* grads) {
  launch(op,
         chunk_gradients_kernel<T>,
         element_grid(p.units * p.state_size()),
         p,
         query,
         grad_out,
         gates,
         probs,
         grad_scores,
         grads);
  scan_chunks(op, p, true, products, grads);
}

unsigned int slot_warps(const char* op, std::int64_t bytes) {
  const auto limit = static_cast<std::int64_t>(runtime().shared_limit());
  if (bytes > limit) {
    throw UsageError("cuda: ",
                     op,
                     ": slots of this size do not fit into the ",
                     limit >> 10,
                     " KiB of shared memory of a block; lower --num-experts or --dim");
  }
  return static_cast<unsigned int>(std::clamp<std::int64_t>(limit / 2 / bytes, 1, kSlotWarps));
}

#define ELASTIC_INSTANTIATE(T)                                                                   \
  template void slot_states<T>(const char*, const Slots&, const T*, const T*, const T*, T*, T*); \
  template void carry_slot_states<T>(                                                            \
      const char*, const Slots&, const T*, const T*, const T*, double*, T*);                     \
  template void slot_state_gradients<T>(                                                         \
      const char*, const Slots&, const T*, const T*, const T*, const T*, const T*, const T*, T*);
ELASTIC_INSTANTIATE(float)
ELASTIC_INSTANTIATE(double)
#undef ELASTIC_INSTANTIATE

}  // namespace elastic::cuda
