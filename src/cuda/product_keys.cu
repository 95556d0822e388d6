// Product-key retrieval (Lample et al. 2019) with a gate: k experts out of S * S for each query.
// Best ones are found by counting, for each candidate, the candidates before it in the order. A
// query head belongs to a team: a warp where it has few candidates, else a block.
#include "cuda/device.cuh"
#include "cuda/product_keys.cuh"
#include "tensor/kernels/product_keys.h"

namespace elastic::cuda {
namespace {

// Whether (score, id) comes before (other, other_id): higher first, NaN last, then
// the smaller id. This is a total order: every place is taken.
template <class T>
__device__ __forceinline__ bool before(T score, int id, T other, int other_id) {
  const bool number = score == score;
  const bool other_number = other == other;
  if (!number || !other_number) {
    return number != other_number ? number : id < other_id;
  }
  return score > other || (score == other && id < other_id);
}

// The threads that share a query head: a warp or a block.
template <bool kBlock>
struct Team {
  static __device__ int thread() { return kBlock ? thread_index() : lane_index(); }
  static __device__ int size() { return kBlock ? num_threads() : kWarp; }
  static __device__ int warp() { return kBlock ? warp_index() : 0; }
  static __device__ int warps() { return kBlock ? num_threads() / kWarp : 1; }
  static __device__ int place() { return kBlock ? 0 : warp_index(); }  ///< in the block
  static __device__ std::int64_t number() {
    const int teams = kBlock ? 1 : num_threads() / kWarp;
    return static_cast<std::int64_t>(blockIdx.x) * teams + place();
  }
  static __device__ void sync() {
    if constexpr (kBlock) {
      __syncthreads();
    } else {
      __syncwarp();
    }
  }
};

// Writes the best `count` of `total` candidates in order; ids ascending by place where `ids` is
// null. Every thread of the team calls it.
template <class Threads, class T>
__device__ void keep_best(
    const T* scores, const int* ids, int total, int count, T* best_scores, int* best_ids) {
  for (int c = Threads::thread(); c < total; c += Threads::size()) {
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
  int best_ids, pair_ids, chosen, num_ints;  ///< of int, after them

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

// Bytes of shared memory of a team, each part's ends aligned for any number.
template <class T>
__host__ __device__ int team_bytes(const Pool& p) {
  const RetrieveLayout at(p);
  const int bytes =
      at.num_reals(p) * static_cast<int>(sizeof(T)) + at.num_ints * static_cast<int>(sizeof(int));
  return (bytes + 7) / 8 * 8;
}

// scores [2, subkeys] of a query's halves with their subkeys, plus `bias` unless it is null.
template <class Threads, class T>
__device__ __forceinline__ void score_subkeys(
    const Pool& p, const T* query, const T* keys, const T* bias, T* scores) {
  for (int s = Threads::warp(); s < 2 * p.subkeys; s += Threads::warps()) {
    const T* part = query + (s < p.subkeys ? 0 : p.half());
    T sum = 0;
    for (int j = lane_index(); j < p.half(); j += kWarp) {
      sum += keys[static_cast<std::int64_t>(s) * p.half() + j] * part[j];
    }
    sum = warp_sum(sum);
    if (lane_index() == 0) {
      scores[s] = bias == nullptr ? sum : sum + bias[s];
    }
  }
}

// The scores and ids of the pairs of best subkeys.
template <class Threads, class T>
__device__ __forceinline__ void add_pairs(const Pool& p,
                                          const RetrieveLayout& at,
                                          T* reals,
                                          int* ints) {
  for (int i = Threads::thread(); i < p.side; i += Threads::size()) {
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
}

// Takes the biases of the chosen pairs out of their scores. Returns the highest of these. One warp
// calls it.
template <class T>
__device__ __forceinline__ T
remove_bias(const Pool& p, const RetrieveLayout& at, const T* bias, T* reals, const int* ints) {
  if (bias == nullptr) {
    return reals[at.gates];  // the first in order
  }
  T highest = lowest<T>();
  for (int i = lane_index(); i < p.count; i += kWarp) {
    const int id = ints[at.chosen + i];
    T& score = reals[at.gates + i];
    score -= bias[id / p.subkeys] + bias[p.subkeys + id % p.subkeys];
    highest = highest < score ? score : highest;
  }
  return warp_max(highest);
}

// Writes the chosen experts with their gates, a softmax times their number, and leaves the gates in
// place of the pairs. One warp calls it.
template <class T>
__device__ __forceinline__ void weigh_chosen(const Pool& p,
                                             const RetrieveLayout& at,
                                             std::int64_t row,
                                             const T* bias,
                                             T* reals,
                                             const int* ints,
                                             std::int32_t* indices,
                                             T* gates) {
  const T highest = remove_bias(p, at, bias, reals, ints);
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

// A team retrieves the experts of one query head; `experts` may be null.
template <bool kBlock, class T>
__global__ void __launch_bounds__(kThreads) retrieve_kernel(Pool p,
                                                            const T* queries,
                                                            const T* subkeys,
                                                            const T* memory,
                                                            const T* biases,
                                                            std::int32_t* indices,
                                                            T* gates,
                                                            T* experts) {
  using Threads = Team<kBlock>;
  const std::int64_t row = Threads::number();
  if (row >= p.rows) {
    return;
  }
  const int head = static_cast<int>(row % p.heads);
  const RetrieveLayout at(p);
  T* reals =
      reinterpret_cast<T*>(dynamic_shared<unsigned char>() + Threads::place() * team_bytes<T>(p));
  int* ints = reinterpret_cast<int*>(reals + at.num_reals(p));
  const T* query = queries + row * p.key_dim;
  const T* keys = subkeys + static_cast<std::int64_t>(head) * 2 * p.subkeys * p.half();
  const T* bias =
      biases == nullptr ? nullptr : biases + static_cast<std::int64_t>(head) * 2 * p.subkeys;
  score_subkeys<Threads>(p, query, keys, bias, reals + at.scores);
  Threads::sync();
  for (int side = 0; side < 2; ++side) {
    keep_best<Threads>(reals + at.scores + side * p.subkeys,
                       static_cast<const int*>(nullptr),
                       p.subkeys,
                       p.side,
                       reals + at.best + side * p.side,
                       ints + at.best_ids + side * p.side);
  }
  Threads::sync();
  add_pairs<Threads>(p, at, reals, ints);
  Threads::sync();
  keep_best<Threads>(reals + at.pairs,
                     ints + at.pair_ids,
                     num_pairs(p.side, p.count),
                     p.count,
                     reals + at.gates,
                     ints + at.chosen);
  Threads::sync();
  if (Threads::warp() == 0) {
    weigh_chosen(p, at, row, bias, reals, ints, indices, gates);
  }
  Threads::sync();
  for (int i = Threads::warp(); experts != nullptr && i < p.count; i += Threads::warps()) {
    const T* expert = memory + static_cast<std::int64_t>(ints[at.chosen + i]) * p.dim;
    for (int j = lane_index(); j < p.dim; j += kWarp) {
      experts[(row * p.count + i) * p.dim + j] = reals[at.pairs + i] * expert[j];
    }
  }
}

// A warp to a query head: it compares few candidates, so that a block's other warps would wait.
bool takes_a_warp(const Pool& p) {
  constexpr int kFewCandidates = 128;
  return p.subkeys <= kFewCandidates && num_pairs(p.side, p.count) <= kFewCandidates;
}

template <class T>
void product_keys_forward(const kernels::ProductKeysForward& k) {
  const Pool p = pool_of(k.query, k.subkeys, k.memory, k.indices);
  const bool warp = takes_a_warp(p);
  const int teams = warp ? kWarps : 1;
  runtime().launch(k.kName,
                   warp ? retrieve_kernel<false, T> : retrieve_kernel<true, T>,
                   dim3(blocks_of(p.rows, teams)),
                   kThreads,
                   static_cast<std::size_t>(teams) * static_cast<std::size_t>(team_bytes<T>(p)),
                   p,
                   k.query.data<T>(),
                   k.subkeys.data<T>(),
                   data_or_null<T>(k.memory),
                   data_or_null<T>(k.bias),
                   k.indices.data<std::int32_t>(),
                   k.gates.data<T>(),
                   data_or_null<T>(k.experts));
}
const OnCuda product_keys_forward_entry{product_keys_forward<float>, product_keys_forward<double>};

}  // namespace
}  // namespace elastic::cuda
