// Decayed sums of products by chunks of tokens: every chunk is summed up by itself, a scan over the
// chunks of a segment gives the state that each begins with, then all chunks compute their results
// at once as products of tiles: the chunk's own pairs, weighted by their decays, and the state.
#include "cuda/chunks.h"
#include "cuda/map.cuh"
#include "cuda/ragged_chunks.cuh"
#include "cuda/tile.cuh"
#include "tensor/kernels/retention.h"

namespace elastic::cuda {
namespace {

constexpr int kSlab = 32;  ///< columns of x, y or z that a block takes at a time

template <class T>
struct RetentionView {
  RaggedChunks chunks;
  std::int64_t units;  ///< places of chunks times heads
  int heads;
  int depth;  ///< Dx
  int width;  ///< Dz
  bool reverse;
  const T* x;
  const T* y;
  const T* z;
  const T* decays;  ///< e^-rates [T, H]; null: 1
  const T* leads;   ///< e^-lead [T, H]; null: 1
  T* out;

  __device__ std::int64_t state_size() const { return static_cast<std::int64_t>(depth) * width; }
  __device__ T decay(std::int64_t token, int head) const {
    return decays == nullptr ? T(1) : decays[token * heads + head];
  }
  __device__ T lead(std::int64_t token, int head) const {
    return leads == nullptr ? T(1) : leads[token * heads + head];
  }
};

template <class T>
struct Decayed {
  const T* rates;
  __device__ T operator()(std::int64_t i) const { return exp(-rates[i]); }
};

template <class T>
Tensor decays_of(const char* op, const Tensor& rates) {
  if (!rates.defined()) {
    return {};
  }
  Tensor decays = workspace<T>(rates.numel());
  map(op, rates.numel(), decays.data<T>(), Decayed<T>{rates.data<T>()});
  return decays;
}

// A chunk's part of the state behind it, in the order of the sums, and the product of its decays. A
// thread takes one number of a state.
template <class T>
__global__ void chunk_parts_kernel(RetentionView<T> p, T* states, T* products) {
  const std::int64_t size = p.state_size();
  for (std::int64_t i = grid_thread(); i < p.units * size; i += grid_size()) {
    const std::int64_t unit = i / size;
    const int head = static_cast<int>(unit % p.heads);
    const RaggedChunks::Chunk chunk = p.chunks.at(unit / p.heads);
    const T* y = p.y + (chunk.begin * p.heads + head) * p.depth + i % size / p.width;
    const T* z = p.z + (chunk.begin * p.heads + head) * p.width + i % p.width;
    T state = 0;
    T product = 1;
#pragma unroll 4
    for (int step = 0; step < chunk.length; ++step) {
      const int t = p.reverse ? chunk.length - 1 - step : step;
      const std::int64_t row = static_cast<std::int64_t>(t) * p.heads;
      const T decay = p.decay(chunk.begin + t, head);
      const T added = y[row * p.depth] * z[row * p.width];
      // In reverse, a token's decay lies between it and the token before, which comes after it.
      state = p.reverse ? decay * (state + p.lead(chunk.begin + t, head) * added)
                        : decay * state + added;
      product *= decay;
    }
    states[i] = state;
    if (i % size == 0) {
      products[unit] = product;
    }
  }
}

// Turns each chunk's part into the state before it, in the order of the sums.
template <class T>
__global__ void scan_parts_kernel(RetentionView<T> p, const T* products, T* states) {
  const std::int64_t size = p.state_size();
  for (std::int64_t i = grid_thread(); i < p.chunks.batch * p.heads * size; i += grid_size()) {
    const int segment = static_cast<int>(i / size / p.heads);
    const int head = static_cast<int>(i / size % p.heads);
    const int count = p.chunks.count(segment);
    T state = 0;
    for (int c = 0; c < count; ++c) {
      const std::int64_t place = p.chunks.first(segment) + (p.reverse ? count - 1 - c : c);
      const std::int64_t unit = place * p.heads + head;
      const T part = states[unit * size + i % size];
      states[unit * size + i % size] = state;
      state = products[unit] * state + part;
    }
  }
}

// Moves a stream's number through all tokens of its segment in float64, and writes its value before
// every chunk.
template <class T>
__global__ void carry_retention_kernel(RetentionView<T> p, double* carried, T* states) {
  const std::int64_t size = p.state_size();
  for (std::int64_t i = grid_thread(); i < p.chunks.batch * p.heads * size; i += grid_size()) {
    const int segment = static_cast<int>(i / size / p.heads);
    const int head = static_cast<int>(i / size % p.heads);
    const std::int64_t begin = p.chunks.offsets[segment];
    double state = carried[i];
    for (std::int64_t t = begin; t < p.chunks.offsets[segment + 1]; ++t) {
      if ((t - begin) % kRecurrenceChunk == 0) {
        const std::int64_t place = p.chunks.first(segment) + (t - begin) / kRecurrenceChunk;
        states[(place * p.heads + head) * size + i % size] = static_cast<T>(state);
      }
      const std::int64_t row = t * p.heads + head;
      const double y = p.y[row * p.depth + i % size / p.width];
      const double z = p.z[row * p.width + i % p.width];
      state = static_cast<double>(p.decay(t, head)) * state + y * z;
    }
    carried[i] = state;
  }
}

struct RetainLayout {
  int x, y, z, state, out, weights, decays, size;

  __host__ __device__ RetainLayout() {
    const int rows = tile_size(kRecurrenceChunk, kSlab);
    x = 0;
    y = x + rows;
    z = y + rows;
    state = z + rows;
    out = state + tile_size(kSlab, kSlab);
    weights = out + rows;
    decays = weights + tile_size(kRecurrenceChunk, kRecurrenceChunk);
    size = decays + kRecurrenceChunk;
  }
};

// target [tile_rows, kSlab] = columns from `first` on of rows `stride` apart; zeros past `rows` and
// `columns`.
template <class T>
__device__ void load_slab(const T* source,
                          std::int64_t stride,
                          int tile_rows,
                          int rows,
                          int columns,
                          int first,
                          T* target) {
  for_each_element(tile_rows, kSlab, [&](int i, int j) {
    target[i * row_stride(kSlab) + j] =
        i < rows && first + j < columns ? source[i * stride + first + j] : T(0);
  });
}

// Multiplies the products of a chunk's pairs by their weights: zero where a token does not see the
// other. A thread takes the other token, whose weights are running products of decays.
template <class T>
__device__ void weigh_pairs(bool reverse, int length, const T* decays, T* weights) {
  const int stride = row_stride(kRecurrenceChunk);
  const int j = thread_index();
  if (j >= kRecurrenceChunk) {
    return;
  }
  T weight = 1;
  for (int step = 0; step < kRecurrenceChunk; ++step) {
    const int i = reverse ? kRecurrenceChunk - 1 - step : step;
    const bool seen = j < length && i < length && (reverse ? i <= j : i >= j);
    // From the token seen to the next one: forward that is i, in reverse i + 1 lies between.
    if (seen && i != j) {
      weight *= decays[reverse ? i + 1 : i];
    }
    T& product = weights[i * stride + j];
    product = seen ? weight * product : T(0);
  }
}

// rows[i] *= the decays from the state to token i of the chunk: those up to i, in reverse those
// after i.
template <class T>
__device__ void decay_rows(bool reverse, int length, const T* decays, T* rows) {
  if (thread_index() >= kSlab) {
    return;
  }
  T factor = 1;
  for (int step = 0; step < length; ++step) {
    const int i = reverse ? length - 1 - step : step;
    if (!reverse) {
      factor *= decays[i];
    } else if (step > 0) {
      factor *= decays[i + 1];
    }
    rows[i * row_stride(kSlab) + thread_index()] *= factor;
  }
}

// Results of a chunk's tokens. Grid (places of chunks, slabs of z, heads).
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) retain_kernel(RetentionView<T> p, const T* states) {
  const RaggedChunks::Chunk chunk = p.chunks.at(blockIdx.x);
  if (chunk.length == 0) {
    return;
  }
  const int head = static_cast<int>(blockIdx.z);
  const int first_column = static_cast<int>(blockIdx.y) * kSlab;
  const RetainLayout at;
  T* shared = dynamic_shared<T>();
  clear_shared(shared, at.size);
  T* weights = shared + at.weights;
  T* out = shared + at.out;
  T* decays = shared + at.decays;
  const int stride = row_stride(kSlab);
  const int weight_stride = row_stride(kRecurrenceChunk);
  const std::int64_t row = chunk.begin * p.heads + head;
  const std::int64_t x_stride = static_cast<std::int64_t>(p.heads) * p.depth;
  const std::int64_t z_stride = static_cast<std::int64_t>(p.heads) * p.width;
  const T* state =
      states + (static_cast<std::int64_t>(blockIdx.x) * p.heads + head) * p.state_size();
  if (thread_index() < chunk.length) {
    decays[thread_index()] = p.decay(chunk.begin + thread_index(), head);
  }
  for (int first = 0; first < p.depth; first += kSlab) {
    load_slab(p.x + row * p.depth,
              x_stride,
              kRecurrenceChunk,
              chunk.length,
              p.depth,
              first,
              shared + at.x);
    load_slab(p.y + row * p.depth,
              x_stride,
              kRecurrenceChunk,
              chunk.length,
              p.depth,
              first,
              shared + at.y);
    load_slab(state + static_cast<std::int64_t>(first) * p.width,
              p.width,
              kSlab,
              p.depth - first,
              p.width,
              first_column,
              shared + at.state);
    __syncthreads();
    block_product<kTensorCores>(
        rows_of(shared + at.x, kSlab),
        transposed(shared + at.y, kSlab),
        kRecurrenceChunk,
        kRecurrenceChunk,
        kSlab,
        [&](int i, int j, T sum) { weights[i * weight_stride + j] += sum; });
    block_product<kTensorCores>(rows_of(shared + at.x, kSlab),
                                rows_of(shared + at.state, kSlab),
                                kRecurrenceChunk,
                                kSlab,
                                kSlab,
                                [&](int i, int j, T sum) { out[i * stride + j] += sum; });
    __syncthreads();
  }
  decay_rows(p.reverse, chunk.length, decays, out);
  weigh_pairs(p.reverse, chunk.length, decays, weights);
  load_slab(p.z + row * p.width,
            z_stride,
            kRecurrenceChunk,
            chunk.length,
            p.width,
            first_column,
            shared + at.z);
  if (p.reverse && p.leads != nullptr) {
    // The token on the other side has the lead; it goes into z, whose rows are the same tokens.
    __syncthreads();
    for_each_element(chunk.length, kSlab, [&](int i, int j) {
      shared[at.z + i * stride + j] *= p.lead(chunk.begin + i, head);
    });
  }
  __syncthreads();
  block_product<kTensorCores>(rows_of(weights, kRecurrenceChunk),
                              rows_of(shared + at.z, kSlab),
                              kRecurrenceChunk,
                              kSlab,
                              kRecurrenceChunk,
                              [&](int i, int j, T sum) {
                                if (i < chunk.length && first_column + j < p.width) {
                                  const T lead = p.reverse ? T(1) : p.lead(chunk.begin + i, head);
                                  p.out[row * p.width + i * z_stride + first_column + j] =
                                      lead * (out[i * stride + j] + sum);
                                }
                              });
}

template <class T>
RetentionView<T> retention_view(const kernels::Retention& k,
                                const Tensor& decays,
                                const Tensor& leads) {
  RetentionView<T> p{};
  p.chunks = RaggedChunks(k.segments);
  p.heads = static_cast<int>(k.num_heads);
  p.units = RaggedChunks::places(k.segments) * p.heads;
  p.depth = static_cast<int>(k.x.cols()) / p.heads;
  p.width = static_cast<int>(k.z.cols()) / p.heads;
  p.reverse = k.reverse;
  p.x = k.x.data<T>();
  p.y = k.y.data<T>();
  p.z = k.z.data<T>();
  p.decays = data_or_null<T>(decays);
  p.leads = data_or_null<T>(leads);
  p.out = k.out.data<T>();
  return p;
}

// The states before all chunks; a stream's state moves to the end of its segment.
template <class T>
Tensor states_before_chunks(const RetentionView<T>& p, const kernels::Retention& k) {
  const char* op = k.kName;
  const std::int64_t size = static_cast<std::int64_t>(p.depth) * p.width;
  const dim3 scan_grid = element_grid(k.segments.size() * p.heads * size);
  Tensor states = workspace<T>(p.units * size);
  if (k.state.defined()) {
    launch(op, carry_retention_kernel<T>, scan_grid, p, k.state.data<double>(), states.data<T>());
    return states;
  }
  const Tensor products = workspace<T>(p.units);
  launch(op,
         chunk_parts_kernel<T>,
         element_grid(p.units * size),
         p,
         states.data<T>(),
         products.data<T>());
  launch(op, scan_parts_kernel<T>, scan_grid, p, products.data<T>(), states.data<T>());
  return states;
}

template <class T>
void retention(const kernels::Retention& k) {
  const char* op = k.kName;
  clear_behind(k.segments, {&k.out});
  const Tensor decays = decays_of<T>(op, k.rates);
  const Tensor leads = decays_of<T>(op, k.lead);
  const RetentionView<T> p = retention_view<T>(k, decays, leads);
  const Tensor states = states_before_chunks(p, k);
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     retain_kernel<decltype(tensor_cores)::value, T>,
                     dim3(static_cast<unsigned int>(p.units / p.heads),
                          blocks_of(p.width, kSlab),
                          static_cast<unsigned int>(p.heads)),
                     kThreads,
                     static_cast<std::size_t>(RetainLayout().size) * sizeof(T),
                     p,
                     states.data<T>());
  });
}
const OnCuda retention_entry{retention<float>, retention<double>};

template <class T>
struct DecayBackwardView {
  const std::int32_t* offsets;
  int heads;
  int depth;
  const T* query;
  const T* grad_query;
  const T* key;
  const T* grad_key;
  const T* rates;
  T* grad_rates;  // may be null
  T* grad_lead;   // may be null
};

// Suffix sums of a head of a segment, kThreads tokens at a time from its end: all threads multiply,
// one adds up. Grid (segments, heads).
template <class T>
__global__ void __launch_bounds__(kThreads) decay_backward_kernel(DecayBackwardView<T> p) {
  __shared__ double sums[kThreads];
  __shared__ int resets[kThreads];
  const int segment = static_cast<int>(blockIdx.x);
  const int head = static_cast<int>(blockIdx.y);
  const std::int64_t begin = p.offsets[segment];
  double later = 0.0;  // of the first thread
  for (std::int64_t end = p.offsets[segment + 1]; end > begin; end -= kThreads) {
    const std::int64_t token = end - 1 - thread_index();
    const std::int64_t row = token * p.heads + head;
    double of_query = 0.0;
    double of_key = 0.0;
    for (int j = 0; j < p.depth && token >= begin; ++j) {
      const std::int64_t e = row * p.depth + j;
      of_query += static_cast<double>(p.query[e] * p.grad_query[e]);
      of_key += static_cast<double>(p.key[e] * p.grad_key[e]);
    }
    if (token >= begin && p.grad_lead != nullptr) {
      p.grad_lead[row] = static_cast<T>(-of_query);
    }
    if (p.grad_rates == nullptr) {
      continue;
    }
    const bool forgets = token >= begin && p.rates[row] >= kernels::kForgettingRate<T>;
    sums[thread_index()] = of_key - of_query;
    resets[thread_index()] = forgets ? 1 : 0;
    __syncthreads();
    if (thread_index() == 0) {
      for (int i = 0; i < kThreads; ++i) {
        later = resets[i] != 0 ? 0.0 : later + sums[i];
        sums[i] = later;
      }
    }
    __syncthreads();
    if (token >= begin) {
      p.grad_rates[row] = static_cast<T>(sums[thread_index()]);
    }
  }
}

template <class T>
void retention_decay_backward(const kernels::RetentionDecayBackward& k) {
  for (Tensor* grad : {&k.grad_rates, &k.grad_lead}) {
    if (grad->defined()) {
      clear_behind(k.segments, {grad});
    }
  }
  launch(k.kName,
         decay_backward_kernel<T>,
         dim3(static_cast<unsigned int>(k.segments.size()), static_cast<unsigned int>(k.num_heads)),
         DecayBackwardView<T>{k.segments.device_offsets().data<std::int32_t>(),
                              static_cast<int>(k.num_heads),
                              static_cast<int>(k.query.cols() / k.num_heads),
                              k.query.data<T>(),
                              k.grad_query.data<T>(),
                              k.key.data<T>(),
                              k.grad_key.data<T>(),
                              data_or_null<T>(k.rates),
                              data_or_null<T>(k.grad_rates),
                              data_or_null<T>(k.grad_lead)});
}
const OnCuda retention_decay_backward_entry{retention_decay_backward<float>,
                                            retention_decay_backward<double>};

}  // namespace
}  // namespace elastic::cuda
