// Gates of the slot recurrences. Prefix gates by chunks of a segment: a thread takes a column of a
// chunk, its start value is the result of a scan over the chunks of the segment.
#include <algorithm>

#include "cuda/logistic.cuh"
#include "cuda/ragged_chunks.cuh"
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "tensor/kernels/slot_gates.h"

namespace elastic::cuda {
namespace {

// log(e^x + e^y), one of them finite
template <class T>
__device__ __forceinline__ T log_add(T x, T y) {
  return (x < y ? y : x) + log1p(exp(-fabs(x - y)));
}

struct Prefix {
  RaggedChunks chunks;
  std::int64_t places;
  int columns;

  Prefix(const Segments& segments, std::int64_t num_columns)
      : chunks(segments),
        places(RaggedChunks::places(segments)),
        columns(static_cast<int>(num_columns)) {}
  [[nodiscard]] dim3 chunk_grid() const { return element_grid(places * columns); }
  [[nodiscard]] dim3 segment_grid() const {
    return element_grid(std::int64_t{chunks.batch} * columns);
  }
};

// body(i, chunk, column) for all places and columns, i counting them.
template <class Body>
__device__ void for_each_column(const Prefix& p, const Body& body) {
  for (std::int64_t i = grid_thread(); i < p.places * p.columns; i += grid_size()) {
    body(i, p.chunks.at(i / p.columns), static_cast<int>(i % p.columns));
  }
}

// The log of the decayed sum over each chunk alone, at its end.
template <class T>
__global__ void chunk_sums_kernel(Prefix p, const T* scores, const T* decay, T* sums) {
  for_each_column(p, [&](std::int64_t i, const RaggedChunks::Chunk& chunk, int column) {
    const T rate = softplus(decay[column]);
    T sum = lowest<T>();
#pragma unroll 8
    for (int t = 0; t < chunk.length; ++t) {
      sum = log_add(scores[(chunk.begin + t) * p.columns + column], sum - rate);
    }
    sums[i] = sum;
  });
}

// Turns each chunk's own sum into the sum of all tokens before it in its segment.
template <class T>
__global__ void scan_sums_kernel(Prefix p, const T* decay, T* sums) {
  const std::int64_t count = static_cast<std::int64_t>(p.chunks.batch) * p.columns;
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const int segment = static_cast<int>(i / p.columns);
    const int column = static_cast<int>(i % p.columns);
    const T rate = softplus(decay[column]);
    const int length = p.chunks.offsets[segment + 1] - p.chunks.offsets[segment];
    T before = lowest<T>();
    for (int c = 0; c * kRecurrenceChunk < length; ++c) {
      T& sum = sums[(p.chunks.first(segment) + c) * p.columns + column];
      const T own = sum;
      const int left = length - c * kRecurrenceChunk;
      sum = before;
      before = log_add(
          own, before - rate * static_cast<T>(left < kRecurrenceChunk ? left : kRecurrenceChunk));
    }
  }
}

// With l_t the log of the decayed sum: d_t = s_t - (l_{t-1} - rate), gate_t = sigmoid(d_t).
// `sums` before every chunk; null for nothing.
template <class T>
__global__ void prefix_gates_kernel(
    Prefix p, const T* scores, const T* decay, const T* sums, T* gates) {
  for_each_column(p, [&](std::int64_t i, const RaggedChunks::Chunk& chunk, int column) {
    const T rate = softplus(decay[column]);
    T sum = sums != nullptr && chunk.length > 0 ? sums[i] : lowest<T>();
#pragma unroll 8
    for (int t = 0; t < chunk.length; ++t) {
      const std::int64_t at = (chunk.begin + t) * p.columns + column;
      const T score = scores[at];
      sum -= rate;
      gates[at] = sigmoid(score - sum);
      sum = log_add(score, sum);
    }
  });
}

// The same for streams, token by token through each segment in float64: `carried` [B, C] is l
// before the segments and becomes l after them.
template <class T>
__global__ void carried_gates_kernel(
    Prefix p, const T* scores, const T* decay, double* carried, T* gates) {
  const std::int64_t count = static_cast<std::int64_t>(p.chunks.batch) * p.columns;
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const int segment = static_cast<int>(i / p.columns);
    const int column = static_cast<int>(i % p.columns);
    const double rate = softplus(static_cast<double>(decay[column]));
    double sum = carried[i];
    for (std::int64_t t = p.chunks.offsets[segment]; t < p.chunks.offsets[segment + 1]; ++t) {
      const double score = scores[t * p.columns + column];
      sum -= rate;
      gates[t * p.columns + column] = static_cast<T>(sigmoid(score - sum));
      sum = log_add(score, sum);
    }
    carried[i] = sum;
  }
}

// Of one token, with G = dL/dl_t: dL/dd_t; G becomes dL/dl_{t-1}.
template <class T>
__device__ __forceinline__ T prefix_gradient(T gate, T grad_gate, T& grad_sum) {
  const T grad = gate * ((T(1) - gate) * grad_gate + grad_sum);
  grad_sum -= grad;
  return grad;
}

// dL/dl before each chunk from its own tokens alone, and the factor of the gradient after it.
template <class T>
__global__ void gate_chunk_gradients_kernel(
    Prefix p, const T* gates, const T* grad_gates, T* grads, T* products) {
  for_each_column(p, [&](std::int64_t i, const RaggedChunks::Chunk& chunk, int column) {
    T grad_sum = 0;
    T product = 1;
#pragma unroll 8
    for (int t = chunk.length - 1; t >= 0; --t) {
      const std::int64_t at = (chunk.begin + t) * p.columns + column;
      prefix_gradient(gates[at], grad_gates[at], grad_sum);
      product *= T(1) - gates[at];
    }
    grads[i] = grad_sum;
    products[i] = product;
  });
}

// Turns each chunk's own gradient into that of all tokens after it in its segment.
template <class T>
__global__ void scan_gradients_kernel(Prefix p, const T* products, T* grads) {
  const std::int64_t count = static_cast<std::int64_t>(p.chunks.batch) * p.columns;
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const int segment = static_cast<int>(i / p.columns);
    T after = 0;
    for (int c = p.chunks.count(segment) - 1; c >= 0; --c) {
      const std::int64_t at = (p.chunks.first(segment) + c) * p.columns + i % p.columns;
      const T own = grads[at];
      grads[at] = after;
      after = products[at] * after + own;
    }
  }
}

// `grads` after every chunk, null for none. A chunk's part of dL/d(rate) goes to rate_grads.
template <class T>
__global__ void prefix_backward_kernel(
    Prefix p, const T* gates, const T* grad_gates, const T* grads, T* grad_scores, T* rate_grads) {
  for_each_column(p, [&](std::int64_t i, const RaggedChunks::Chunk& chunk, int column) {
    T grad_sum = grads != nullptr && chunk.length > 0 ? grads[i] : T(0);
    T grad_rate = 0;
#pragma unroll 8
    for (int t = chunk.length - 1; t >= 0; --t) {
      const std::int64_t at = (chunk.begin + t) * p.columns + column;
      grad_scores[at] = prefix_gradient(gates[at], grad_gates[at], grad_sum);
      grad_rate -= grad_sum;
    }
    rate_grads[i] = grad_rate;
  });
}

// dL/d(decay) = dL/d(rate) sigmoid(decay)
template <class T>
__global__ void decay_gradient_kernel(std::int64_t count, const T* decay, T* grads) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    grads[i] *= sigmoid(decay[i]);
  }
}

// log of sigmoid(x)^inverse
template <class T>
__device__ __forceinline__ T log_kept(T x, T inverse) {
  return -inverse * softplus(-x);
}

template <class T>
__global__ void forget_gates_kernel(std::int64_t count, const T* x, T inverse, T* gates) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    gates[i] = -expm1(log_kept(x[i], inverse));
  }
}

template <class T>
__global__ void forget_gradient_kernel(
    std::int64_t count, const T* x, T inverse, const T* grad_gates, T* grad_x) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    grad_x[i] = -grad_gates[i] * exp(log_kept(x[i], inverse)) * inverse * sigmoid(-x[i]);
  }
}

template <class T>
void prefix_gates_forward(const kernels::PrefixGatesForward& k) {
  const char* op = k.kName;
  const Prefix p(k.segments, k.scores.cols());
  if (k.segments.is_planned()) {
    fill_elements(k.gates, 0.0);  // rows after the last segment stay zero
  }
  if (k.log_sum.defined()) {
    launch(op,
           carried_gates_kernel<T>,
           p.segment_grid(),
           p,
           k.scores.data<T>(),
           k.decay.data<T>(),
           k.log_sum.data<double>(),
           k.gates.data<T>());
    return;
  }
  Tensor sums;
  if (!RaggedChunks::single(k.segments)) {
    sums = workspace<T>(p.places * p.columns);
    launch(op,
           chunk_sums_kernel<T>,
           p.chunk_grid(),
           p,
           k.scores.data<T>(),
           k.decay.data<T>(),
           sums.data<T>());
    launch(op, scan_sums_kernel<T>, p.segment_grid(), p, k.decay.data<T>(), sums.data<T>());
  }
  launch(op,
         prefix_gates_kernel<T>,
         p.chunk_grid(),
         p,
         k.scores.data<T>(),
         k.decay.data<T>(),
         data_or_null<T>(sums),
         k.gates.data<T>());
}
const OnCuda prefix_gates_forward_entry{prefix_gates_forward<float>, prefix_gates_forward<double>};

template <class T>
void prefix_gates_backward(const kernels::PrefixGatesBackward& k) {
  const char* op = k.kName;
  const Prefix p(k.segments, k.gates.cols());
  if (k.segments.is_planned()) {
    fill_elements(k.grad_scores, 0.0);  // rows after the last segment stay zero
  }
  Tensor grads;
  if (!RaggedChunks::single(k.segments)) {
    grads = workspace<T>(2 * p.places * p.columns);
    T* products = grads.data<T>() + p.places * p.columns;
    launch(op,
           gate_chunk_gradients_kernel<T>,
           p.chunk_grid(),
           p,
           k.gates.data<T>(),
           k.grad_gates.data<T>(),
           grads.data<T>(),
           products);
    launch(op, scan_gradients_kernel<T>, p.segment_grid(), p, products, grads.data<T>());
  }
  Tensor rate_grads = workspace<T>(p.places * p.columns);
  launch(op,
         prefix_backward_kernel<T>,
         p.chunk_grid(),
         p,
         k.gates.data<T>(),
         k.grad_gates.data<T>(),
         data_or_null<T>(grads),
         k.grad_scores.data<T>(),
         rate_grads.data<T>());
  sum_rows(op, rate_grads.data<T>(), p.places, std::int64_t{p.columns}, k.grad_decay.data<T>());
  launch(op,
         decay_gradient_kernel<T>,
         element_grid(p.columns),
         std::int64_t{p.columns},
         k.decay.data<T>(),
         k.grad_decay.data<T>());
}
const OnCuda prefix_gates_backward_entry{prefix_gates_backward<float>,
                                         prefix_gates_backward<double>};

template <class T>
void forget_gates_forward(const kernels::ForgetGatesForward& k) {
  launch(k.kName,
         forget_gates_kernel<T>,
         element_grid(k.x.numel()),
         k.x.numel(),
         k.x.data<T>(),
         static_cast<T>(1.0 / k.temperature),
         k.gates.data<T>());
}
const OnCuda forget_gates_forward_entry{forget_gates_forward<float>, forget_gates_forward<double>};

template <class T>
void forget_gates_backward(const kernels::ForgetGatesBackward& k) {
  launch(k.kName,
         forget_gradient_kernel<T>,
         element_grid(k.x.numel()),
         k.x.numel(),
         k.x.data<T>(),
         static_cast<T>(1.0 / k.temperature),
         k.grad_gates.data<T>(),
         k.grad_x.data<T>());
}
const OnCuda forget_gates_backward_entry{forget_gates_backward<float>,
                                         forget_gates_backward<double>};

}  // namespace
}  // namespace elastic::cuda
