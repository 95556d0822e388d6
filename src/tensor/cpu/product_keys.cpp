// Product-key retrieval (Lample et al. 2019) with a gate: k experts out of S * S for each query.
#include "tensor/kernels/product_keys.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <numeric>
#include <type_traits>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// Integers as wide as T, so that their vectors match those of scores.
template <class T>
using Place = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

struct Pool {
  std::int64_t rows;  ///< queries times heads
  std::int64_t heads;
  std::int64_t key_dim;
  std::int64_t half;
  std::int64_t subkeys;
  std::int64_t count;  ///< experts of a head
  std::int64_t side;   ///< candidates: best sub-keys of each half

  Pool(const Tensor& query, const Tensor& keys, const Tensor& indices)
      : rows(query.shape()[0] * query.shape()[1]),
        heads(query.shape()[1]),
        key_dim(query.shape()[2]),
        half(key_dim / 2),
        subkeys(keys.shape()[2]),
        count(indices.shape()[1] / heads),
        side(std::min(count, subkeys)) {}

  // Pairs (i, j) of sorted halves that can be among the best: every (i', j') with i' <= i and
  // j' <= j scores at least as much, so (i + 1) (j + 1) must not exceed their number.
  [[nodiscard]] std::int64_t row_pairs(std::int64_t i) const {
    return std::min(side, count / (i + 1));
  }
  [[nodiscard]] std::int64_t num_pairs() const {
    std::int64_t total = 0;
    for (std::int64_t i = 0; i < side; ++i) {
      total += row_pairs(i);
    }
    return total;
  }
  [[nodiscard]] std::int64_t candidates() const { return std::max(subkeys, num_pairs()); }
};

template <class T>
constexpr std::int64_t whole_vectors(std::int64_t count) {
  return (count + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
}

// best[0 .. count-1] = the places of the highest scores in descending order, ties by the smaller
// id; NaN counts as lowest. `order` [total] and `keys` are scratch, `keys` and `ids` of whole
// vectors.
template <class T>
void find_best(const T* scores,
               const Place<T>* ids,
               std::int64_t total,
               std::int64_t count,
               T* keys,
               std::int32_t* order,
               std::int32_t* best) {
  constexpr T kLowest = -std::numeric_limits<T>::infinity();
  for (std::int64_t c = 0; c < total; ++c) {
    keys[c] = scores[c] >= kLowest ? scores[c] : kLowest;
  }
  // A candidate's place is the number of candidates before it: one comparison per pair, but by
  // vectors and without branches.
  constexpr std::int64_t kFewCandidates = 16 * kLanes<T>;
  if (total <= kFewCandidates) {
    for (std::int64_t first = 0; first < total; first += kLanes<T>) {
      const auto key = load<Vector<T>>(keys + first);
      const auto id = load<Vector<Place<T>>>(ids + first);
      Vector<Place<T>> places{};
      for (std::int64_t other = 0; other < total; ++other) {
        const Vector<T> other_key = Vector<T>{} + keys[other];
        const Vector<Place<T>> other_id = Vector<Place<T>>{} + ids[other];
        places -= (other_key > key) | ((other_key == key) & (other_id < id));
      }
      const std::int64_t present = std::min(kLanes<T>, total - first);
      for (std::int64_t lane = 0; lane < present; ++lane) {
        if (places[lane] < count) {
          best[places[lane]] = static_cast<std::int32_t>(first + lane);
        }
      }
    }
    return;
  }
  std::iota(order, order + total, 0);
  std::partial_sort(order, order + count, order + total, [&](std::int32_t a, std::int32_t b) {
    return keys[a] > keys[b] || (keys[a] == keys[b] && ids[a] < ids[b]);
  });
  std::copy(order, order + count, best);
}

// A thread's buffers for choosing the experts of a query head.
template <class T>
class Chooser {
 public:
  explicit Chooser(const Pool& p)
      : p_(p),
        vectors_(whole_vectors<T>(p.candidates())),
        reals_(2 * vectors_ + 2 * p.subkeys),
        places_(2 * vectors_),
        ints_(p.candidates() + 2 * p.side + p.count) {}

  // Writes the sub-keys' numbers in order; call once per thread.
  void prepare() const { std::iota(places(), places() + vectors_, Place<T>(0)); }

  // `raw` [2, S]: scores of the first and of the second halves. With `bias` [2, S] added, unless it
  // is null, they decide the choice and its order; the gates are those of the raw scores.
  void choose(const T* raw, const T* bias, std::int32_t* indices, T* gates) const {
    T* keys = reals_.get();
    T* pair_scores = keys + vectors_;
    const T* scores = bias == nullptr ? raw : add_bias(raw, bias, pair_scores + vectors_);
    const Place<T>* numbers = places();
    Place<T>* pair_ids = places() + vectors_;
    std::int32_t* order = ints_.get();
    std::int32_t* first = order + p_.candidates();
    std::int32_t* second = first + p_.side;
    std::int32_t* chosen = second + p_.side;
    find_best(scores, numbers, p_.subkeys, p_.side, keys, order, first);
    find_best(scores + p_.subkeys, numbers, p_.subkeys, p_.side, keys, order, second);
    std::int64_t pairs = 0;
    for (std::int64_t i = 0; i < p_.side; ++i) {
      for (std::int64_t j = 0; j < p_.row_pairs(i); ++j) {
        pair_scores[pairs] = scores[first[i]] + scores[p_.subkeys + second[j]];
        pair_ids[pairs] =
            static_cast<Place<T>>(first[i]) * static_cast<Place<T>>(p_.subkeys) + second[j];
        ++pairs;
      }
    }
    find_best(pair_scores, pair_ids, pairs, p_.count, keys, order, chosen);
    for (std::int64_t i = 0; i < p_.count; ++i) {
      const Place<T> id = pair_ids[chosen[i]];
      indices[i] = static_cast<std::int32_t>(id);
      gates[i] = raw[id / p_.subkeys] + raw[p_.subkeys + id % p_.subkeys];
    }
    const T highest = bias == nullptr ? gates[0] : *std::max_element(gates, gates + p_.count);
    for (std::int64_t i = 0; i < p_.count; ++i) {
      gates[i] -= highest;
    }
    exp_in_place(gates, p_.count);
    T sum = 0;
    for (std::int64_t i = 0; i < p_.count; ++i) {
      sum += gates[i];
    }
    ArrayMap<T>(gates, p_.count) *= static_cast<T>(p_.count) / sum;
  }

 private:
  const T* add_bias(const T* raw, const T* bias, T* sums) const {
    std::transform(raw, raw + 2 * p_.subkeys, bias, sums, std::plus<T>());
    return sums;
  }
  // Numbers of sub-keys, ids of pairs.
  [[nodiscard]] Place<T>* places() const { return reinterpret_cast<Place<T>*>(places_.get()); }

  Pool p_;
  std::int64_t vectors_;
  ThreadScratch<T> reals_;
  ThreadScratch<T> places_;  ///< whole numbers as wide as T
  ThreadScratch<std::int32_t> ints_;
};

// Tiles of queries: one product per half computes the scores of all sub-keys.
template <class T>
void retrieve(const kernels::ProductKeysForward& k) {
  const Tensor& query = k.query;
  const Tensor& subkeys = k.subkeys;
  const Pool p(query, subkeys, k.indices);
  const std::int64_t packed = packed_size<T>(p.half, p.subkeys);
  const Tensor panels = workspace<T>(2 * p.heads * packed);
  parallel_for(2 * p.heads, product_work(subkeys.numel()), [&](std::int64_t side) {
    pack_exact(p.half,
               p.subkeys,
               transposed(subkeys.data<T>() + side * p.subkeys * p.half, p.half),
               panels.data<T>() + side * packed);
  });
  constexpr std::int64_t kTileScores = 1 << 13;
  constexpr std::int64_t kMostRows = 32;
  const Tiles tiles{p.rows / p.heads,
                    std::clamp<std::int64_t>(kTileScores / p.subkeys, 1, kMostRows)};
  const ThreadScratch<T> scratch(tiles.size * 2 * p.subkeys);
  const Chooser<T> chooser(p);
  parallel_for(tiles.count(), product_work(p.rows * p.key_dim, p.subkeys), [&](std::int64_t tile) {
    chooser.prepare();
    const std::int64_t begin = tiles.begin(tile);
    const std::int64_t rows = tiles.end(tile) - begin;
    T* scores = scratch.get();
    for (std::int64_t m = 0; m < p.heads; ++m) {
      const T* queries = query.data<T>() + (begin * p.heads + m) * p.key_dim;
      for (std::int64_t side = 0; side < 2; ++side) {
        gemm_exact(rows,
                   p.subkeys,
                   p.half,
                   row_major(queries + side * p.half, p.heads * p.key_dim),
                   panels.data<T>() + (2 * m + side) * packed,
                   scores + side * p.subkeys,
                   2 * p.subkeys,
                   /*accumulate=*/false);
      }
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t at = ((begin + i) * p.heads + m) * p.count;
        const T* bias = k.bias.defined() ? k.bias.data<T>() + m * 2 * p.subkeys : nullptr;
        chooser.choose(scores + i * 2 * p.subkeys,
                       bias,
                       k.indices.data<std::int32_t>() + at,
                       k.gates.data<T>() + at);
      }
    }
  });
}

// gate_i = c softmax_i(s), c = k / M: with e_i = dL/d gate_i,
//   dL/ds_i = gate_i (e_i - sum_j gate_j e_j / c), and s_i = sub-key a . q1 + sub-key b . q2.
template <class T>
void gates_backward(const Tensor& query,
                    const Tensor& subkeys,
                    const Tensor& indices,
                    const Tensor& gates,
                    const T* grad_gates,
                    Tensor& grad_query,
                    Tensor& grad_subkeys) {
  const Pool p(query, subkeys, indices);
  const Tiles chunks = reduction_chunks(p.rows);
  reduce_chunks(chunks,
                product_work(p.rows * p.count, p.key_dim, 2),
                grad_subkeys.numel(),
                grad_subkeys.data<T>(),
                [&](std::int64_t chunk, T* partial) {
                  for (std::int64_t row = chunks.begin(chunk); row < chunks.end(chunk); ++row) {
                    const auto* chosen = indices.data<std::int32_t>() + row * p.count;
                    const T* gate = gates.data<T>() + row * p.count;
                    const T* grad_gate = grad_gates + row * p.count;
                    const T* q = query.data<T>() + row * p.key_dim;
                    const std::int64_t keys_at = row % p.heads * p.subkeys * p.key_dim;
                    T* grad_q = grad_query.data<T>() + row * p.key_dim;
                    std::fill(grad_q, grad_q + p.key_dim, T(0));
                    T mean = 0;
                    for (std::int64_t i = 0; i < p.count; ++i) {
                      mean += gate[i] * grad_gate[i];
                    }
                    mean /= static_cast<T>(p.count);
                    for (std::int64_t i = 0; i < p.count; ++i) {
                      const T grad_score = gate[i] * (grad_gate[i] - mean);
                      const std::array<std::int64_t, 2> pair{chosen[i] / p.subkeys,
                                                             p.subkeys + chosen[i] % p.subkeys};
                      for (std::int64_t side = 0; side < 2; ++side) {
                        const std::int64_t key =
                            keys_at + pair[static_cast<std::size_t>(side)] * p.half;
                        const std::int64_t at = side * p.half;
                        add_scaled(subkeys.data<T>() + key, grad_score, p.half, grad_q + at);
                        add_scaled(q + at, grad_score, p.half, partial + key);
                      }
                    }
                  }
                });
}

template <class T>
void product_keys_forward(const kernels::ProductKeysForward& k) {
  retrieve<T>(k);
  if (!k.experts.defined()) {
    return;
  }
  const std::int64_t dim = k.memory.cols();
  const double work = kElementWork * static_cast<double>(k.experts.numel());
  parallel_for(k.indices.rows(), work, [&](std::int64_t b) {
    for (std::int64_t i = b * k.indices.cols(); i < (b + 1) * k.indices.cols(); ++i) {
      const T* row = k.memory.data<T>() + k.indices.data<std::int32_t>()[i] * dim;
      ArrayMap<T>(k.experts.data<T>() + i * dim, dim) =
          k.gates.data<T>()[i] * ConstArrayMap<T>(row, dim);
    }
  });
}
const OnCpu product_keys_forward_entry{product_keys_forward<float>, product_keys_forward<double>};

template <class T>
void product_keys_backward(const kernels::ProductKeysBackward& k) {
  const std::int64_t dim = k.memory.cols();
  const auto* chosen = k.indices.data<std::int32_t>();
  const Tensor grad_gates = workspace<T>(k.indices.numel());
  const Tensor grad_rows = workspace<T>(k.grad_experts.numel());
  const double work = kElementWork * static_cast<double>(k.grad_experts.numel());
  parallel_for(k.indices.rows(), work, [&](std::int64_t b) {
    for (std::int64_t i = b * k.indices.cols(); i < (b + 1) * k.indices.cols(); ++i) {
      const ConstArrayMap<T> grad(k.grad_experts.data<T>() + i * dim, dim);
      grad_gates.data<T>()[i] = dot(grad.data(), k.memory.data<T>() + chosen[i] * dim, dim);
      ArrayMap<T>(grad_rows.data<T>() + i * dim, dim) = k.gates.data<T>()[i] * grad;
    }
  });
  gates_backward(
      k.query, k.subkeys, k.indices, k.gates, grad_gates.data<T>(), k.grad_query, k.grad_subkeys);
  fill_elements(k.grad_memory, 0.0);
  const SortedRows sorted(chosen, k.indices.numel(), k.memory.rows());
  sorted.add_to(grad_rows.data<T>(), dim, 0, k.grad_memory.data<T>());
}
const OnCpu product_keys_backward_entry{product_keys_backward<float>,
                                        product_keys_backward<double>};

template <class T>
void product_key_gates_backward(const kernels::ProductKeyGatesBackward& k) {
  gates_backward(
      k.query, k.subkeys, k.indices, k.gates, k.grad_gates.data<T>(), k.grad_query, k.grad_subkeys);
}
const OnCpu product_key_gates_backward_entry{product_key_gates_backward<float>,
                                             product_key_gates_backward<double>};

}  // namespace
}  // namespace elastic::cpu
