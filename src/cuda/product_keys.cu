// Product-key retrieval (Lample et al. 2019) with a gate: a user's k experts out of S * S. Best
// ones are found by counting, for each candidate, the candidates before it in the order.
#include <algorithm>

#include "base/error.h"
#include "cuda/backend.h"
#include "cuda/device.cuh"
#include "cuda/rows.h"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

struct Pool {
  int heads;    ///< M
  int key_dim;  ///< Dk
  int subkeys;  ///< S
  int count;    ///< experts of a head, k / M
  int side;     ///< best sub-keys of each half that take part: min(count, S)
  int dim;      ///< D

  __host__ __device__ int half() const { return key_dim / 2; }
};

// Whether (score, id) comes before (other, other_id): higher first, what is not a number last, then
// the smaller id. A total order: every place is taken.
template <class T>
__device__ __forceinline__ bool before(T score, int id, T other, int other_id) {
  const bool number = score == score;
  const bool other_number = other == other;
  if (!number || !other_number) {
    return number != other_number ? number : id < other_id;
  }
  return score > other || (score == other && id < other_id);
}

// Writes the best `count` of `total` candidates in order; ids ascending by place where `ids` is
// null. Every thread of the block calls it.
template <class T>
__device__ void keep_best(
    const T* scores, const int* ids, int total, int count, T* best_scores, int* best_ids) {
  for (int c = thread_index(); c < total; c += num_threads()) {
    const int id = ids == nullptr ? c : ids[c];
    int place = 0;
    for (int other = 0; other < total && place < count; ++other) {
      place += before(scores[other], ids == nullptr ? other : ids[other], scores[c], id) ? 1 : 0;
    }
    if (place < count) {
      best_scores[place] = scores[c];
      best_ids[place] = id;
    }
  }
}

// Pairs (i, j) of sorted halves that can be among the best `count`: every pair (i', j') with i' <=
// i and j' <= j scores at least as much, so (i + 1) (j + 1) must not exceed it.
__host__ __device__ constexpr int row_pairs(int i, int side, int count) {
  const int pairs = count / (i + 1);
  return pairs < side ? pairs : side;
}
__host__ __device__ constexpr int num_pairs(int side, int count) {
  int total = 0;
  for (int i = 0; i < side; ++i) {
    total += row_pairs(i, side, count);
  }
  return total;
}

struct RetrieveLayout {
  int scores, best, pairs, gates;            ///< of T
  int best_ids, pair_ids, chosen, num_ints;  ///< of int, behind them

  __host__ __device__ explicit RetrieveLayout(const Pool& p) {
    const int candidates = num_pairs(p.side, p.count);
    scores = 0;
    best = 2 * p.subkeys;
    pairs = best + 2 * p.side;
    gates = pairs + candidates;
    best_ids = 0;
    pair_ids = 2 * p.side;
    chosen = pair_ids + candidates;
    num_ints = chosen + p.count;
  }
  __host__ __device__ int num_reals(const Pool& p) const { return gates + p.count; }
};

// A block retrieves the experts of one query head.
template <class T>
__global__ void __launch_bounds__(kThreads) retrieve_kernel(Pool p,
                                                            const T* queries,
                                                            const T* subkeys,
                                                            const T* memory,
                                                            std::int32_t* indices,
                                                            T* gates,
                                                            T* experts) {
  const auto row = static_cast<std::int64_t>(blockIdx.x);
  const int head = static_cast<int>(row % p.heads);
  const RetrieveLayout at(p);
  T* reals = dynamic_shared<T>();
  int* ints = reinterpret_cast<int*>(reals + at.num_reals(p));
  const T* query = queries + row * p.key_dim;
  const T* keys = subkeys + static_cast<std::int64_t>(head) * 2 * p.subkeys * p.half();
  for (int s = warp_index(); s < 2 * p.subkeys; s += kWarps) {
    const T* part = query + (s < p.subkeys ? 0 : p.half());
    T sum = 0;
    for (int j = lane_index(); j < p.half(); j += kWarp) {
      sum += keys[static_cast<std::int64_t>(s) * p.half() + j] * part[j];
    }
    sum = warp_sum(sum);
    if (lane_index() == 0) {
      reals[at.scores + s] = sum;
    }
  }
  __syncthreads();
  for (int side = 0; side < 2; ++side) {
    keep_best(reals + at.scores + side * p.subkeys,
              static_cast<const int*>(nullptr),
              p.subkeys,
              p.side,
              reals + at.best + side * p.side,
              ints + at.best_ids + side * p.side);
  }
  __syncthreads();
  for (int i = thread_index(); i < p.side; i += num_threads()) {
    int first = 0;
    for (int before_i = 0; before_i < i; ++before_i) {
      first += row_pairs(before_i, p.side, p.count);
    }
    for (int j = 0; j < row_pairs(i, p.side, p.count); ++j) {
      reals[at.pairs + first + j] = reals[at.best + i] + reals[at.best + p.side + j];
      ints[at.pair_ids + first + j] =
          ints[at.best_ids + i] * p.subkeys + ints[at.best_ids + p.side + j];
    }
  }
  __syncthreads();
  keep_best(reals + at.pairs,
            ints + at.pair_ids,
            num_pairs(p.side, p.count),
            p.count,
            reals + at.gates,
            ints + at.chosen);
  __syncthreads();
  if (warp_index() == 0) {
    const T highest = reals[at.gates];
    __syncwarp();
    T sum = 0;
    for (int i = lane_index(); i < p.count; i += kWarp) {
      const T value = exp(reals[at.gates + i] - highest);
      sum += value;
      reals[at.pairs + i] = value;  // pairs are not needed any more: at least `count` of them
    }
    sum = warp_sum(sum);
    for (int i = lane_index(); i < p.count; i += kWarp) {
      const T gate = reals[at.pairs + i] * static_cast<T>(p.count) / sum;
      reals[at.pairs + i] = gate;
      gates[row * p.count + i] = gate;
      indices[row * p.count + i] = ints[at.chosen + i];
    }
  }
  __syncthreads();
  for (int i = warp_index(); i < p.count; i += kWarps) {
    const T* expert = memory + static_cast<std::int64_t>(ints[at.chosen + i]) * p.dim;
    for (int j = lane_index(); j < p.dim; j += kWarp) {
      experts[(row * p.count + i) * p.dim + j] = reals[at.pairs + i] * expert[j];
    }
  }
}

// A block takes a query head: the gradient of its chosen scores and of the query; grad_rows are the
// gradients of the memory's rows. With gate = count softmax(score) and t = grad_experts . memory:
// dL/dscore_i = gate_i (t_i - mean over the head's experts of gate t).
template <class T>
__global__ void __launch_bounds__(kThreads) retrieve_backward_kernel(Pool p,
                                                                     const T* subkeys,
                                                                     const T* memory,
                                                                     const std::int32_t* indices,
                                                                     const T* gates,
                                                                     const T* grad_experts,
                                                                     T* grad_rows,
                                                                     T* grad_scores,
                                                                     T* grad_query) {
  const auto row = static_cast<std::int64_t>(blockIdx.x);
  const int head = static_cast<int>(row % p.heads);
  T* dots = dynamic_shared<T>();
  const std::int32_t* chosen = indices + row * p.count;
  const T* gate = gates + row * p.count;
  for (int i = warp_index(); i < p.count; i += kWarps) {
    const std::int64_t first = (row * p.count + i) * p.dim;
    const T* expert = memory + static_cast<std::int64_t>(chosen[i]) * p.dim;
    T dot = 0;
    for (int j = lane_index(); j < p.dim; j += kWarp) {
      dot += grad_experts[first + j] * expert[j];
      grad_rows[first + j] = gate[i] * grad_experts[first + j];
    }
    dot = warp_sum(dot);
    if (lane_index() == 0) {
      dots[i] = dot;
    }
  }
  __syncthreads();
  T mean = 0;
  for (int i = 0; i < p.count; ++i) {
    mean += gate[i] * dots[i];
  }
  mean /= static_cast<T>(p.count);
  __syncthreads();
  for (int i = thread_index(); i < p.count; i += num_threads()) {
    dots[i] = gate[i] * (dots[i] - mean);
    grad_scores[row * p.count + i] = dots[i];
  }
  __syncthreads();
  const T* keys = subkeys + static_cast<std::int64_t>(head) * 2 * p.subkeys * p.half();
  for (int j = thread_index(); j < p.key_dim; j += num_threads()) {
    const bool second = j >= p.half();
    T sum = 0;
    for (int i = 0; i < p.count; ++i) {
      const int key = second ? p.subkeys + chosen[i] % p.subkeys : chosen[i] / p.subkeys;
      sum +=
          dots[i] * keys[static_cast<std::int64_t>(key) * p.half() + (second ? j - p.half() : j)];
    }
    grad_query[row * p.key_dim + j] = sum;
  }
}

// A block takes one sub-key: the sum over all queries that chose it, in order.
template <class T>
__global__ void __launch_bounds__(kThreads) grad_subkeys_kernel(Pool p,
                                                                std::int64_t batch,
                                                                const T* queries,
                                                                const std::int32_t* indices,
                                                                const T* grad_scores,
                                                                T* grad_subkeys) {
  __shared__ std::int64_t entries[kThreads];
  __shared__ int found[kWarps];
  const int key = static_cast<int>(blockIdx.x);  // head, half, sub-key
  const int head = key / (2 * p.subkeys);
  const bool second = key % (2 * p.subkeys) >= p.subkeys;
  const int own = key % p.subkeys;
  const std::int64_t total = batch * p.count;
  // Each thread of a slice looks at one entry; those that name the key are listed in order.
  T sums[4] = {};  // of elements thread, thread + kThreads, ..
  for (std::int64_t begin = 0; begin < total; begin += num_threads()) {
    const std::int64_t entry = begin + thread_index();
    std::int64_t place = 0;
    bool match = false;
    if (entry < total) {
      place = (entry / p.count * p.heads + head) * p.count + entry % p.count;
      match = (second ? indices[place] % p.subkeys : indices[place] / p.subkeys) == own;
    }
    int rank = match ? 1 : 0;  // an inclusive scan over the warp
    for (int delta = 1; delta < kWarp; delta *= 2) {
      const int source = lane_index() - delta;
      const int other = __shfl_sync(0xFFFFFFFFU, rank, source < 0 ? lane_index() : source);
      rank += source < 0 ? 0 : other;
    }
    if (lane_index() == kWarp - 1) {
      found[warp_index()] = rank;
    }
    __syncthreads();
    int first = 0;
    int count = 0;
    for (int w = 0; w < kWarps; ++w) {
      first += w < warp_index() ? found[w] : 0;
      count += found[w];
    }
    if (match) {
      entries[first + rank - 1] = place;
    }
    __syncthreads();
    for (int c = 0; c < count; ++c) {
      const T grad = grad_scores[entries[c]];
      const T* query = queries + entries[c] / p.count * p.key_dim + (second ? p.half() : 0);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (const int j = thread_index() + i * kThreads; j < p.half()) {
          sums[i] += grad * query[j];
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (const int j = thread_index() + i * kThreads; j < p.half()) {
      grad_subkeys[static_cast<std::int64_t>(key) * p.half() + j] = sums[i];
    }
  }
}

Pool pool_of(const Tensor& query,
             const Tensor& subkeys,
             const Tensor& memory,
             const Tensor& indices) {
  Pool p{};
  p.heads = static_cast<int>(query.shape()[1]);
  p.key_dim = static_cast<int>(query.shape()[2]);
  p.subkeys = static_cast<int>(subkeys.shape()[2]);
  p.count = static_cast<int>(indices.shape()[1]) / p.heads;
  p.side = std::min(p.count, p.subkeys);
  p.dim = static_cast<int>(memory.cols());
  ELASTIC_CHECK(p.half() <= 4 * kThreads, "product_keys: keys of ", p.key_dim);
  return p;
}

}  // namespace

void CudaBackend::product_keys_forward(const Tensor& query,
                                       const Tensor& subkeys,
                                       const Tensor& memory,
                                       Tensor& indices,
                                       Tensor& gates,
                                       Tensor& experts) {
  with_real_type(query.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const Pool p = pool_of(query, subkeys, memory, indices);
    const RetrieveLayout at(p);
    runtime().launch("product_keys_forward",
                     retrieve_kernel<T>,
                     dim3(static_cast<unsigned int>(query.shape()[0] * p.heads)),
                     kThreads,
                     static_cast<std::size_t>(at.num_reals(p)) * sizeof(T) +
                         static_cast<std::size_t>(at.num_ints) * sizeof(int),
                     p,
                     query.data<T>(),
                     subkeys.data<T>(),
                     memory.data<T>(),
                     indices.data<std::int32_t>(),
                     gates.data<T>(),
                     experts.data<T>());
  });
}

void CudaBackend::product_keys_backward(const Tensor& query,
                                        const Tensor& subkeys,
                                        const Tensor& memory,
                                        const Tensor& indices,
                                        const Tensor& gates,
                                        const Tensor& grad_experts,
                                        Tensor& grad_query,
                                        Tensor& grad_subkeys,
                                        Tensor& grad_memory) {
  with_real_type(query.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const char* op = "product_keys_backward";
    const Pool p = pool_of(query, subkeys, memory, indices);
    const std::int64_t batch = query.shape()[0];
    Tensor grad_rows = workspace<T>(indices.numel() * p.dim);
    Tensor grad_scores = workspace<T>(indices.numel());
    runtime().launch(op,
                     retrieve_backward_kernel<T>,
                     dim3(static_cast<unsigned int>(batch * p.heads)),
                     kThreads,
                     static_cast<std::size_t>(p.count) * sizeof(T),
                     p,
                     subkeys.data<T>(),
                     memory.data<T>(),
                     indices.data<std::int32_t>(),
                     gates.data<T>(),
                     grad_experts.data<T>(),
                     grad_rows.data<T>(),
                     grad_scores.data<T>(),
                     grad_query.data<T>());
    runtime().launch(op,
                     grad_subkeys_kernel<T>,
                     dim3(static_cast<unsigned int>(p.heads * 2 * p.subkeys)),
                     kThreads,
                     0,
                     p,
                     batch,
                     query.data<T>(),
                     indices.data<std::int32_t>(),
                     grad_scores.data<T>(),
                     grad_subkeys.data<T>());
    fill(grad_memory, 0.0);
    scatter_add(op,
                grad_rows.data<T>(),
                indices.data<std::int32_t>(),
                indices.numel(),
                p.dim,
                memory.rows(),
                /*first_row=*/0,
                grad_memory.data<T>());
  });
}

}  // namespace elastic::cuda
