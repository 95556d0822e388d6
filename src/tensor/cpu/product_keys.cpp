// Product-key retrieval (Lample et al. 2019) with a gate: a user's k experts out of S * S.
#include <array>
#include <numeric>
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

template <class T>
struct Scored {
  T score;
  std::int32_t id;
};

// The best `count` in descending order; ties: the smaller id first.
template <class T>
void keep_best(std::vector<Scored<T>>& candidates, std::int64_t count) {
  std::partial_sort(candidates.begin(),
                    candidates.begin() + count,
                    candidates.end(),
                    [](const Scored<T>& a, const Scored<T>& b) {
                      return a.score > b.score || (a.score == b.score && a.id < b.id);
                    });
  candidates.resize(static_cast<std::size_t>(count));
}

// Scores of all sub-keys of one half, the best `count` of them.
template <class T>
std::vector<Scored<T>> best_subkeys(const T* subkeys,
                                    const T* query,
                                    std::int64_t num_subkeys,
                                    std::int64_t half,
                                    std::int64_t count) {
  std::vector<Scored<T>> scored;
  for (std::int64_t s = 0; s < num_subkeys; ++s) {
    const T score =
        (ConstArrayMap<T>(subkeys + s * half, half) * ConstArrayMap<T>(query, half)).sum();
    scored.push_back({score, static_cast<std::int32_t>(s)});
  }
  keep_best(scored, count);
  return scored;
}

template <class T>
void retrieve(const T* query,
              const T* subkeys,
              std::int64_t num_subkeys,
              std::int64_t half,
              std::int64_t count,
              std::int32_t* indices,
              T* gates) {
  const std::int64_t side = std::min(count, num_subkeys);
  const auto first = best_subkeys(subkeys, query, num_subkeys, half, side);
  const auto second =
      best_subkeys(subkeys + num_subkeys * half, query + half, num_subkeys, half, side);
  std::vector<Scored<T>> product;
  for (const Scored<T>& a : first) {
    for (const Scored<T>& b : second) {
      product.push_back({a.score + b.score, a.id * static_cast<std::int32_t>(num_subkeys) + b.id});
    }
  }
  keep_best(product, count);
  T sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Scored<T>& chosen = product[static_cast<std::size_t>(i)];
    indices[i] = chosen.id;
    gates[i] = std::exp(chosen.score - product.front().score);
    sum += gates[i];
  }
  for (std::int64_t i = 0; i < count; ++i) {
    gates[i] *= static_cast<T>(count) / sum;
  }
}

}  // namespace

void CpuBackend::product_keys_forward(const Tensor& query,
                                      const Tensor& subkeys,
                                      const Tensor& memory,
                                      Tensor& indices,
                                      Tensor& gates,
                                      Tensor& experts) {
  with_real_type(query.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t heads = query.shape()[1];
    const std::int64_t key_dim = query.shape()[2];
    const std::int64_t num_subkeys = subkeys.shape()[2];
    const std::int64_t count = indices.shape()[1] / heads;
    const std::int64_t dim = memory.cols();
    parallel_for(query.shape()[0], product_work(query.numel(), num_subkeys), [&](std::int64_t b) {
      for (std::int64_t m = 0; m < heads; ++m) {
        const std::int64_t row = b * heads + m;
        auto* chosen = indices.data<std::int32_t>() + row * count;
        T* gate = gates.data<T>() + row * count;
        retrieve(query.data<T>() + row * key_dim,
                 subkeys.data<T>() + m * num_subkeys * key_dim,
                 num_subkeys,
                 key_dim / 2,
                 count,
                 chosen,
                 gate);
        for (std::int64_t i = 0; i < count; ++i) {
          ArrayMap<T>(experts.data<T>() + (row * count + i) * dim, dim) =
              gate[i] * ConstArrayMap<T>(memory.data<T>() + chosen[i] * dim, dim);
        }
      }
    });
  });
}

// gate_i = c softmax_i(s), c = k / M: with e_i = dL/d gate_i = g_i . memory_i,
//   dL/ds_i = gate_i (e_i - sum_j gate_j e_j / c), and s_i = sub-key a . q1 + sub-key b . q2.
void CpuBackend::product_keys_backward(const Tensor& query,
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
    const std::int64_t batch = query.shape()[0];
    const std::int64_t heads = query.shape()[1];
    const std::int64_t key_dim = query.shape()[2];
    const std::int64_t half = key_dim / 2;
    const std::int64_t num_subkeys = subkeys.shape()[2];
    const std::int64_t count = indices.shape()[1] / heads;
    const std::int64_t dim = memory.cols();
    const auto* chosen = indices.data<std::int32_t>();
    const T* gate = gates.data<T>();
    Tensor grad_scores = workspace<T>(indices.numel());
    Tensor grad_rows = workspace<T>(grad_experts.numel());
    parallel_for(batch * heads,
                 kElementWork * static_cast<double>(grad_experts.numel()),
                 [&](std::int64_t row) {
                   T* grad_score = grad_scores.data<T>() + row * count;
                   T mean = 0;
                   for (std::int64_t i = row * count; i < (row + 1) * count; ++i) {
                     const ConstArrayMap<T> grad(grad_experts.data<T>() + i * dim, dim);
                     const T dot =
                         (grad * ConstArrayMap<T>(memory.data<T>() + chosen[i] * dim, dim)).sum();
                     ArrayMap<T>(grad_rows.data<T>() + i * dim, dim) = gate[i] * grad;
                     grad_score[i - row * count] = dot;
                     mean += gate[i] * dot / static_cast<T>(count);
                   }
                   const std::int64_t m = row % heads;
                   const T* keys = subkeys.data<T>() + m * num_subkeys * key_dim;
                   ArrayMap<T> grad_q(grad_query.data<T>() + row * key_dim, key_dim);
                   grad_q.setZero();
                   for (std::int64_t i = 0; i < count; ++i) {
                     grad_score[i] = gate[row * count + i] * (grad_score[i] - mean);
                     const std::int64_t a = chosen[row * count + i] / num_subkeys;
                     const std::int64_t b = chosen[row * count + i] % num_subkeys;
                     grad_q.head(half) += grad_score[i] * ConstArrayMap<T>(keys + a * half, half);
                     grad_q.tail(half) +=
                         grad_score[i] * ConstArrayMap<T>(keys + (num_subkeys + b) * half, half);
                   }
                 });
    // Few and short: one thread, in order.
    fill(grad_subkeys, 0.0);
    for (std::int64_t row = 0; row < batch * heads; ++row) {
      T* keys = grad_subkeys.data<T>() + row % heads * num_subkeys * key_dim;
      const ConstArrayMap<T> q(query.data<T>() + row * key_dim, key_dim);
      for (std::int64_t i = row * count; i < (row + 1) * count; ++i) {
        const T grad = grad_scores.data<T>()[i];
        ArrayMap<T>(keys + chosen[i] / num_subkeys * half, half) += grad * q.head(half);
        ArrayMap<T>(keys + (num_subkeys + chosen[i] % num_subkeys) * half, half) +=
            grad * q.tail(half);
      }
    }
    fill(grad_memory, 0.0);
    const SortedRows sorted(chosen, indices.numel(), memory.rows());
    sorted.add_to(grad_rows.data<T>(), dim, 0, grad_memory.data<T>());
  });
}

}  // namespace elastic::cpu
