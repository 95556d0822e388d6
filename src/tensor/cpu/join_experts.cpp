// Adds retrieved experts to a computed attention softmax, per token and head. Experts are read in
// place; their table rows stay in cache.
#include "tensor/kernels/join_experts.h"

#include <cmath>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

template <class T>
struct Join {
  std::int64_t rows;
  std::int64_t dim;
  std::int64_t heads;
  std::int64_t head_dim;
  std::int64_t count;  ///< experts of a token
  const T* out;
  const T* log_sum;
  const T* query;
  const T* table;
  const std::int32_t* indices;
  const T* gates;

  Join(const Tensor& outs,
       const Tensor& log_sums,
       const Tensor& queries,
       const Tensor& experts,
       const Tensor& chosen,
       const Tensor& factors)
      : rows(outs.rows()),
        dim(outs.cols()),
        heads(log_sums.cols()),
        head_dim(dim / heads),
        count(factors.cols()),
        out(outs.data<T>()),
        log_sum(log_sums.data<T>()),
        query(queries.data<T>()),
        table(experts.data<T>()),
        indices(chosen.data<std::int32_t>()),
        gates(factors.data<T>()) {}

  // A head's columns of a token's i-th expert.
  [[nodiscard]] const T* expert(std::int64_t t, std::int64_t h, std::int64_t i) const {
    return table + indices[t * count + i] * dim + h * head_dim;
  }
  [[nodiscard]] double work(int products) const { return product_work(rows, count, dim, products); }
};

// weights [k + 1] = the softmax of their scores and, last, of log_sum.
template <class T>
void weigh(const Join<T>& p, std::int64_t t, std::int64_t h, T* weights) {
  weights[p.count] = p.log_sum[t * p.heads + h];
  T maximum = weights[0];
  for (std::int64_t i = 1; i <= p.count; ++i) {
    maximum = std::max(maximum, weights[i]);
  }
  ArrayMap<T> row(weights, p.count + 1);
  row -= maximum;
  exp_in_place(weights, p.count + 1);
  T sum = 0;
  for (std::int64_t i = 0; i <= p.count; ++i) {
    sum += weights[i];
  }
  row /= sum;
}

template <class T>
void join_token(const Join<T>& p, std::int64_t t, T* weights, T* joined) {
  for (std::int64_t h = 0; h < p.heads; ++h) {
    const std::int64_t at = t * p.dim + h * p.head_dim;
    const T* gate = p.gates + t * p.count;
    for (std::int64_t i = 0; i < p.count; ++i) {
      weights[i] = gate[i] * dot(p.query + at, p.expert(t, h, i), p.head_dim);
    }
    weigh(p, t, h, weights);
    ArrayMap<T>(joined + at, p.head_dim) =
        weights[p.count] * ConstArrayMap<T>(p.out + at, p.head_dim);
    for (std::int64_t i = 0; i < p.count; ++i) {
      add_scaled(p.expert(t, h, i), weights[i] * gate[i], p.head_dim, joined + at);
    }
  }
}

template <class T>
struct JoinGrads {
  const T* joined;
  T* out;
  T* log_sum;
  T* query;
  T* gates;
  T* factors;  ///< [R, k, H, 2], factors of grad_joined and of the query in an expert's gradient
};

// With w the weights, g = dL/d(joined), row_i the expert without its gate, r_i = query . row_i,
// e_i = g . row_i and mean = g . joined: dL/ds_i = w_i (gate_i e_i - mean),
// dL/d(gate_i) = sum over heads of w_i e_i + dL/ds_i r_i.
template <class T>
void join_token_backward(const Join<T>& p, const JoinGrads<T>& grad, std::int64_t t, T* scratch) {
  T* weights = scratch;
  T* by_query = weights + p.count + 1;
  T* by_grad = by_query + p.count;
  const T* gate = p.gates + t * p.count;
  T* grad_gate = grad.gates + t * p.count;
  std::fill(grad_gate, grad_gate + p.count, T(0));
  for (std::int64_t h = 0; h < p.heads; ++h) {
    const std::int64_t at = t * p.dim + h * p.head_dim;
    for (std::int64_t i = 0; i < p.count; ++i) {
      const T* row = p.expert(t, h, i);
      LaneSum<T> query_sum;
      LaneSum<T> grad_sum;
      for_lanes<T>(p.head_dim, [&](auto zero, std::int64_t j) {
        using V = decltype(zero);
        query_sum.add(load<V>(p.query + at + j) * load<V>(row + j));
        grad_sum.add(load<V>(grad.joined + at + j) * load<V>(row + j));
      });
      by_query[i] = query_sum.total();
      by_grad[i] = grad_sum.total();
      weights[i] = gate[i] * by_query[i];
    }
    weigh(p, t, h, weights);
    const T weight = weights[p.count];
    const T by_out = dot(grad.joined + at, p.out + at, p.head_dim);
    T mean = weight * by_out;
    for (std::int64_t i = 0; i < p.count; ++i) {
      mean += weights[i] * gate[i] * by_grad[i];
    }
    grad.log_sum[t * p.heads + h] = weight * (by_out - mean);
    ArrayMap<T>(grad.out + at, p.head_dim) =
        weight * ConstArrayMap<T>(grad.joined + at, p.head_dim);
    std::fill(grad.query + at, grad.query + at + p.head_dim, T(0));
    for (std::int64_t i = 0; i < p.count; ++i) {
      const T grad_score = weights[i] * (gate[i] * by_grad[i] - mean);
      add_scaled(p.expert(t, h, i), grad_score * gate[i], p.head_dim, grad.query + at);
      grad_gate[i] += weights[i] * by_grad[i] + grad_score * by_query[i];
      T* factor = grad.factors + ((t * p.count + i) * p.heads + h) * 2;
      factor[0] = weights[i] * gate[i];
      factor[1] = grad_score * gate[i];
    }
  }
}

// grad_table[id] += per head factor g + factor' query, over the tokens that chose it in order.
template <class T>
void table_gradient(
    const Join<T>& p, const T* grad_joined, const T* factors, std::int64_t pool, T* grad_table) {
  const SortedRows sorted(p.indices, p.rows * p.count, pool);
  sorted.add_by(p.dim, grad_table, [&](std::int32_t position, T* sum) {
    const std::int64_t row = position / p.count * p.dim;
    const T* factor = factors + position * p.heads * 2;
    for (std::int64_t h = 0; h < p.heads; ++h) {
      const T by_grad = factor[2 * h];
      const T by_query = factor[2 * h + 1];
      const std::int64_t at = h * p.head_dim;
      for_lanes<T>(p.head_dim, [&](auto zero, std::int64_t j) {
        using V = decltype(zero);
        store<V>(sum + at + j,
                 load<V>(sum + at + j) + by_grad * load<V>(grad_joined + row + at + j) +
                     by_query * load<V>(p.query + row + at + j));
      });
    }
  });
}

template <class T>
void join_experts_forward(const kernels::JoinExpertsForward& k) {
  const Join<T> p(k.out, k.log_sum, k.query, k.table, k.indices, k.gates);
  const ThreadScratch<T> scratch(p.count + 1);
  const Tiles tiles = token_tiles(p.rows);
  parallel_for(tiles.count(), p.work(2), [&](std::int64_t tile) {
    for (std::int64_t t = tiles.begin(tile); t < tiles.end(tile); ++t) {
      join_token(p, t, scratch.get(), k.joined.data<T>());
    }
  });
}
const OnCpu join_experts_forward_entry{join_experts_forward<float>, join_experts_forward<double>};

template <class T>
void join_experts_backward(const kernels::JoinExpertsBackward& k) {
  const Join<T> p(k.out, k.log_sum, k.query, k.table, k.indices, k.gates);
  const Tensor factors = workspace<T>(p.rows * p.count * p.heads * 2);
  const JoinGrads<T> grad{k.grad_joined.data<T>(),
                          k.grad_out.data<T>(),
                          k.grad_log_sum.data<T>(),
                          k.grad_query.data<T>(),
                          k.grad_gates.data<T>(),
                          factors.data<T>()};
  const ThreadScratch<T> scratch(3 * p.count + 1);
  const Tiles tiles = token_tiles(p.rows);
  parallel_for(tiles.count(), p.work(3), [&](std::int64_t tile) {
    for (std::int64_t t = tiles.begin(tile); t < tiles.end(tile); ++t) {
      join_token_backward(p, grad, t, scratch.get());
    }
  });
  fill_elements(k.grad_table, 0.0);
  table_gradient(p, grad.joined, factors.data<T>(), k.table.rows(), k.grad_table.data<T>());
}
const OnCpu join_experts_backward_entry{join_experts_backward<float>,
                                        join_experts_backward<double>};

}  // namespace
}  // namespace elastic::cpu
