// Softmax over the tokens of each segment, column by column.
//
// A block takes 32 columns of a chunk of tokens: a lane a column, a warp every eighth token. Chunks
// of a longer segment take the exponentials against their own maxima and are then rescaled to the
// segment's.
#include "cuda/chunks.h"
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "cuda/token_tile.cuh"
#include "tensor/kernels/token_softmax.h"

namespace elastic::cuda {
namespace {

template <class T>
struct TokenSoftmax {
  const std::int32_t* offsets;
  int columns;
  bool whole;  ///< no segment has more than one chunk
};

// The block's chunk, and the thread's column and tokens of it.
struct ColumnPlace {
  Chunk chunk;
  int column;
  bool present;

  // body(element) for the thread's tokens, in order.
  template <class Body>
  __device__ void for_each(int columns, const Body& body) const {
    if (present) {
#pragma unroll 4
      for (std::int64_t t = chunk.begin + warp_index(); t < chunk.end; t += kWarps) {
        body(t * columns + column);
      }
    }
  }
};

template <class T>
__device__ __forceinline__ ColumnPlace column_place(const TokenSoftmax<T>& p) {
  const int column = static_cast<int>(blockIdx.z) * kWarp + lane_index();
  return {chunk_of(p.offsets), column, column < p.columns};
}

// combine(of all warps' values), lane by lane and in order, in every thread.
template <class T, class Combine>
__device__ T across_warps(T value, const Combine& combine) {
  __shared__ T values[kWarps][kWarp];
  __syncthreads();  // a previous call has read the values
  values[warp_index()][lane_index()] = value;
  __syncthreads();
  T result = values[0][lane_index()];
  for (int w = 1; w < kWarps; ++w) {
    result = combine(result, values[w][lane_index()]);
  }
  return result;
}

// y, or where segments have several chunks the exponentials, with the chunks' maxima and
// denominators in sums[slot] [2 C].
template <class T>
__global__ void __launch_bounds__(kThreads)
    token_softmax_kernel(TokenSoftmax<T> p, const T* x, T* y, T* sums) {
  const ColumnPlace at = column_place(p);
  T maximum = lowest<T>();
  at.for_each(p.columns, [&](std::int64_t e) { maximum = maximum < x[e] ? x[e] : maximum; });
  maximum = across_warps(maximum, [](T a, T b) { return a < b ? b : a; });
  T denominator = 0;
  at.for_each(p.columns, [&](std::int64_t e) {
    const T value = exp(x[e] - maximum);
    y[e] = value;
    denominator += value;
  });
  denominator = across_warps(denominator, [](T a, T b) { return a + b; });
  if (p.whole) {
    const T inverse = T(1) / denominator;
    at.for_each(p.columns, [&](std::int64_t e) { y[e] *= inverse; });
  } else if (at.present && warp_index() == 0) {
    T* own = sums + at.chunk.slot * 2 * p.columns + at.column;
    own[0] = maximum;
    own[p.columns] = denominator;
  }
}

// A thread turns the denominators of a segment's chunks, in one column, into the factors of their
// exponentials.
template <class T>
__global__ void combine_chunks_kernel(TokenSoftmax<T> p, int batch, int max_chunks, T* sums) {
  const std::int64_t count = static_cast<std::int64_t>(batch) * p.columns;
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const std::int64_t b = i / p.columns;
    const int chunks = (p.offsets[b + 1] - p.offsets[b] + kTokenChunk - 1) / kTokenChunk;
    T* own = sums + b * max_chunks * 2 * p.columns + i % p.columns;
    const auto part = [&](int c) { return own + static_cast<std::int64_t>(c) * 2 * p.columns; };
    T maximum = lowest<T>();
    for (int c = 0; c < chunks; ++c) {
      maximum = maximum < *part(c) ? *part(c) : maximum;
    }
    T denominator = 0;
    for (int c = 0; c < chunks; ++c) {
      denominator += part(c)[p.columns] * exp(*part(c) - maximum);
    }
    for (int c = 0; c < chunks; ++c) {
      part(c)[p.columns] = exp(*part(c) - maximum) / denominator;
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    scale_chunks_kernel(TokenSoftmax<T> p, const T* sums, T* y) {
  const ColumnPlace at = column_place(p);
  const T factor = at.present ? sums[(at.chunk.slot * 2 + 1) * p.columns + at.column] : T(0);
  at.for_each(p.columns, [&](std::int64_t e) { y[e] *= factor; });
}

// grad_x, or where segments have several chunks the column sums of y g in dots[slot] [C].
template <class T>
__global__ void __launch_bounds__(kThreads) token_softmax_backward_kernel(
    TokenSoftmax<T> p, const T* y, const T* grad_y, T* grad_x, T* dots) {
  const ColumnPlace at = column_place(p);
  T dot = 0;
  at.for_each(p.columns, [&](std::int64_t e) { dot += y[e] * grad_y[e]; });
  dot = across_warps(dot, [](T a, T b) { return a + b; });
  if (p.whole) {
    at.for_each(p.columns, [&](std::int64_t e) { grad_x[e] = y[e] * (grad_y[e] - dot); });
  } else if (at.present && warp_index() == 0) {
    dots[at.chunk.slot * p.columns + at.column] = dot;
  }
}

// grad_x from the segments' dots [B, C].
template <class T>
__global__ void __launch_bounds__(kThreads)
    gradient_kernel(TokenSoftmax<T> p, const T* y, const T* grad_y, const T* dots, T* grad_x) {
  const ColumnPlace at = column_place(p);
  const T dot =
      at.present ? dots[static_cast<std::int64_t>(at.chunk.segment) * p.columns + at.column] : T(0);
  at.for_each(p.columns, [&](std::int64_t e) { grad_x[e] = y[e] * (grad_y[e] - dot); });
}

template <class T>
TokenSoftmax<T> softmax_of(const Segments& segments, std::int64_t columns) {
  return {segments.device_offsets().data<std::int32_t>(),
          static_cast<int>(columns),
          max_chunks(segments) == 1};
}

dim3 softmax_grid(const Segments& segments, std::int64_t columns) {
  return dim3(static_cast<unsigned int>(segments.size()),
              static_cast<unsigned int>(max_chunks(segments)),
              blocks_of(columns, kWarp));
}

template <class T>
void token_softmax_forward(const kernels::TokenSoftmaxForward& k) {
  const char* op = k.kName;
  const std::int64_t columns = k.x.cols();
  const TokenSoftmax<T> p = softmax_of<T>(k.segments, columns);
  const dim3 grid = softmax_grid(k.segments, columns);
  const int chunks = max_chunks(k.segments);
  const Tensor sums = workspace<T>(p.whole ? 0 : k.segments.size() * chunks * 2 * columns);
  clear_behind(k.segments, {&k.y});
  launch(op, token_softmax_kernel<T>, grid, p, k.x.data<T>(), k.y.data<T>(), sums.data<T>());
  if (!p.whole) {
    launch(op,
           combine_chunks_kernel<T>,
           element_grid(k.segments.size() * columns),
           p,
           static_cast<int>(k.segments.size()),
           chunks,
           sums.data<T>());
    launch(op, scale_chunks_kernel<T>, grid, p, sums.data<T>(), k.y.data<T>());
  }
}

template <class T>
void token_softmax_backward(const kernels::TokenSoftmaxBackward& k) {
  const char* op = k.kName;
  const std::int64_t columns = k.y.cols();
  const TokenSoftmax<T> p = softmax_of<T>(k.segments, columns);
  const dim3 grid = softmax_grid(k.segments, columns);
  const Tensor dots =
      workspace<T>(p.whole ? 0 : k.segments.size() * max_chunks(k.segments) * columns);
  clear_behind(k.segments, {&k.grad_x});
  launch(op,
         token_softmax_backward_kernel<T>,
         grid,
         p,
         k.y.data<T>(),
         k.grad_y.data<T>(),
         k.grad_x.data<T>(),
         dots.data<T>());
  if (!p.whole) {
    const Tensor totals = workspace<T>(k.segments.size() * columns);
    sum_chunks(op, dots.data<T>(), k.segments, columns, totals.data<T>());
    launch(op,
           gradient_kernel<T>,
           grid,
           p,
           k.y.data<T>(),
           k.grad_y.data<T>(),
           totals.data<T>(),
           k.grad_x.data<T>());
  }
}

const OnCuda token_softmax_forward_entry{token_softmax_forward<float>,
                                         token_softmax_forward<double>};

const OnCuda token_softmax_backward_entry{token_softmax_backward<float>,
                                          token_softmax_backward<double>};

}  // namespace
}  // namespace elastic::cuda
