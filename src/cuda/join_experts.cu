// Adds retrieved experts to each token's finished softmax. A unit, one head of a token,
// belongs to a group of lanes, a feature each (or several, 32 apart); the experts are read in
// place, kSteps at a time.
#include "cuda/row_sums.cuh"
#include "cuda/slots.cuh"
#include "tensor/kernels/join_experts.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Join {
  std::int64_t units;  ///< tokens times heads
  int dim;
  int heads;
  int head_dim;
  int count;  ///< experts of a token
  int lanes;  ///< of a unit: a power of two
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
      : units(log_sums.numel()),
        dim(static_cast<int>(outs.cols())),
        heads(static_cast<int>(log_sums.cols())),
        head_dim(dim / heads),
        count(static_cast<int>(factors.cols())),
        lanes(unit_lanes(head_dim)),
        out(outs.data<T>()),
        log_sum(log_sums.data<T>()),
        query(queries.data<T>()),
        table(experts.data<T>()),
        indices(chosen.data<std::int32_t>()),
        gates(factors.data<T>()) {}
};

/// The unit of a lane.
struct JoinUnit {
  std::int64_t number;
  bool present;
  int place;  ///< in the block
  int lane;   ///< in the unit
  int head;
  std::int64_t row;      ///< its first column in [R, D]
  std::int64_t experts;  ///< its token's first expert in [R, k]

  template <class T>
  __device__ explicit JoinUnit(const Join<T>& p)
      : place(thread_index() / p.lanes), lane(thread_index() % p.lanes) {
    number = static_cast<std::int64_t>(blockIdx.x) * (num_threads() / p.lanes) + place;
    present = number < p.units;
    const std::int64_t token = present ? number / p.heads : 0;
    head = present ? static_cast<int>(number % p.heads) : 0;
    row = token * p.dim + head * p.head_dim;
    experts = token * p.count;
  }
};

// A head's first column of a token's i-th expert.
template <class T>
__device__ __forceinline__ const T* expert_of(const Join<T>& p, const JoinUnit& unit, int i) {
  return p.table + static_cast<std::int64_t>(p.indices[unit.experts + i]) * p.dim +
         unit.head * p.head_dim;
}

// Combines a value over the lanes of a unit. All lanes of the warp must call.
template <class T, class Combine>
__device__ __forceinline__ T over_unit(int lanes, T value, const Combine& combine) {
  for (int mask = lanes / 2; mask > 0; mask /= 2) {
    value = combine(value, __shfl_xor_sync(0xFFFFFFFFU, value, mask));
  }
  return value;
}
template <class T>
__device__ __forceinline__ T sum_over_unit(int lanes, T value) {
  return over_unit(lanes, value, [](T x, T y) { return x + y; });
}

// products[i] = x . expert i without its gate, [k].
template <class T>
__device__ void multiply_by_experts(const Join<T>& p,
                                    const JoinUnit& unit,
                                    const T* x,
                                    T* products) {
  for (int first = 0; first < p.count; first += kSteps) {
    T sums[kSteps] = {};
    const T* expert[kSteps];
#pragma unroll
    for (int i = 0; i < kSteps; ++i) {
      expert[i] = unit.present && first + i < p.count ? expert_of(p, unit, first + i) : nullptr;
    }
    for (int j = unit.lane; j < p.head_dim; j += p.lanes) {
      const T element = unit.present ? x[unit.row + j] : T(0);
#pragma unroll
      for (int i = 0; i < kSteps; ++i) {
        sums[i] += expert[i] != nullptr ? element * expert[i][j] : T(0);
      }
    }
    sum_steps(p.lanes, sums, [&](int i, T sum) {
      if (first + i < p.count) {
        products[first + i] = sum;
      }
    });
  }
}

// weights [k] = softmax over the experts' scores and log_sum, from products with the query; returns
// the weight of log_sum.
template <class T>
__device__ T weigh(const Join<T>& p, const JoinUnit& unit, const T* products, T* weights) {
  const T log_sum = unit.present ? p.log_sum[unit.number] : T(0);
  T maximum = log_sum;
  for (int i = unit.lane; i < p.count; i += p.lanes) {
    weights[i] = unit.present ? p.gates[unit.experts + i] * products[i] : T(0);
    maximum = maximum < weights[i] ? weights[i] : maximum;
  }
  maximum = over_unit(p.lanes, maximum, [](T x, T y) { return x < y ? y : x; });
  T sum = 0;
  for (int i = unit.lane; i < p.count; i += p.lanes) {
    weights[i] = exp(weights[i] - maximum);
    sum += weights[i];
  }
  const T rest = exp(log_sum - maximum);
  const T inverse = T(1) / (sum_over_unit(p.lanes, sum) + rest);
  for (int i = unit.lane; i < p.count; i += p.lanes) {
    weights[i] *= inverse;
  }
  return rest * inverse;
}

template <class T>
__global__ void __launch_bounds__(kSlotWarps* kWarp, 4) join_kernel(Join<T> p, T* joined) {
  const JoinUnit unit(p);
  T* weights = dynamic_shared<T>() + unit.place * p.count;
  multiply_by_experts(p, unit, p.query, weights);
  __syncwarp();
  const T weight = weigh(p, unit, weights, weights);
  __syncwarp();
  if (!unit.present) {
    return;
  }
  for (int j = unit.lane; j < p.head_dim; j += p.lanes) {
    T sum = weight * p.out[unit.row + j];
    for (int i = 0; i < p.count; ++i) {
      sum += weights[i] * p.gates[unit.experts + i] * expert_of(p, unit, i)[j];
    }
    joined[unit.row + j] = sum;
  }
}

template <class T>
struct JoinGrads {
  const T* joined;
  T* out;
  T* log_sum;
  T* query;
  T* gates;    ///< [R, k, H], to be summed over heads
  T* factors;  ///< [R, k, H, 2], of `joined` and of the query in an expert's gradient
};

// With w the weights, g = dL/d(joined), row_i the expert without its gate, r_i = query . row_i,
// e_i = g . row_i and mean = g . joined: dL/ds_i = w_i (gate_i e_i - mean),
// dL/d(gate_i) = sum over heads of w_i e_i + dL/ds_i r_i.
template <class T>
__global__ void __launch_bounds__(kSlotWarps* kWarp, 4)
    join_backward_kernel(Join<T> p, JoinGrads<T> grad) {
  const JoinUnit unit(p);
  T* weights = dynamic_shared<T>() + unit.place * 3 * p.count;
  T* by_query = weights + p.count;
  T* by_grad = by_query + p.count;
  multiply_by_experts(p, unit, p.query, by_query);
  multiply_by_experts(p, unit, grad.joined, by_grad);
  __syncwarp();
  const T weight = weigh(p, unit, by_query, weights);
  T by_out = 0;
  T mean = 0;
  if (unit.present) {
    for (int j = unit.lane; j < p.head_dim; j += p.lanes) {
      by_out += grad.joined[unit.row + j] * p.out[unit.row + j];
    }
    for (int i = unit.lane; i < p.count; i += p.lanes) {
      mean += weights[i] * p.gates[unit.experts + i] * by_grad[i];
    }
  }
  by_out = sum_over_unit(p.lanes, by_out);
  mean = sum_over_unit(p.lanes, mean) + weight * by_out;
  if (unit.present) {
    for (int i = unit.lane; i < p.count; i += p.lanes) {
      const T gate = p.gates[unit.experts + i];
      const T grad_score = weights[i] * (gate * by_grad[i] - mean);
      const std::int64_t at = (unit.experts + i) * p.heads + unit.head;
      grad.gates[at] = weights[i] * by_grad[i] + grad_score * by_query[i];
      grad.factors[2 * at] = weights[i] * gate;
      grad.factors[2 * at + 1] = grad_score * gate;
      by_query[i] = grad_score * gate;
    }
    if (unit.lane == 0) {
      grad.log_sum[unit.number] = weight * (by_out - mean);
    }
  }
  __syncwarp();
  if (!unit.present) {
    return;
  }
  for (int j = unit.lane; j < p.head_dim; j += p.lanes) {
    T sum = 0;
    for (int i = 0; i < p.count; ++i) {
      sum += by_query[i] * expert_of(p, unit, i)[j];
    }
    grad.query[unit.row + j] = sum;
    grad.out[unit.row + j] = weight * grad.joined[unit.row + j];
  }
}

// out[i] = the sum of parts [i, :], in order.
template <class T>
__global__ void sum_heads_kernel(const T* parts, std::int64_t count, int heads, T* out) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    T sum = 0;
    for (int h = 0; h < heads; ++h) {
      sum += parts[i * heads + h];
    }
    out[i] = sum;
  }
}

// A token's part of the gradient of an expert that it chose.
template <class T>
struct ExpertGradient {
  const T* grad_joined;
  const T* query;
  const T* factors;
  int count;
  int heads;
  int dim;
  int head_dim;

  __device__ T operator()(std::int32_t entry, std::int64_t j) const {
    const std::int64_t at = static_cast<std::int64_t>(entry / count) * dim + j;
    const T* factor =
        factors + 2 * (static_cast<std::int64_t>(entry) * heads + static_cast<int>(j) / head_dim);
    return factor[0] * grad_joined[at] + factor[1] * query[at];
  }
};

template <class T>
void join_experts_forward(const kernels::JoinExpertsForward& k) {
  const Join<T> p(k.out, k.log_sum, k.query, k.table, k.indices, k.gates);
  launch_units<T>(k.kName, join_kernel<T>, p, p.count, k.joined.data<T>());
}
const OnCuda join_experts_forward_entry{join_experts_forward<float>, join_experts_forward<double>};

template <class T>
void join_experts_backward(const kernels::JoinExpertsBackward& k) {
  const char* op = k.kName;
  const Join<T> p(k.out, k.log_sum, k.query, k.table, k.indices, k.gates);
  const std::int64_t entries = k.indices.numel();
  Tensor parts = workspace<T>(entries * p.heads);
  Tensor factors = workspace<T>(entries * p.heads * 2);
  const JoinGrads<T> grad{k.grad_joined.data<T>(),
                          k.grad_out.data<T>(),
                          k.grad_log_sum.data<T>(),
                          k.grad_query.data<T>(),
                          parts.data<T>(),
                          factors.data<T>()};
  launch_units<T>(op, join_backward_kernel<T>, p, 3 * p.count, grad);
  launch(op,
         sum_heads_kernel<T>,
         element_grid(entries),
         parts.data<T>(),
         entries,
         p.heads,
         k.grad_gates.data<T>());
  parts = {};
  fill_elements(k.grad_table, 0.0);
  const SortedRows sorted = sort_rows(op, k.indices.data<std::int32_t>(), entries, k.table.rows());
  add_sorted(op,
             ExpertGradient<T>{
                 grad.joined, p.query, factors.data<T>(), p.count, p.heads, p.dim, p.head_dim},
             sorted,
             p.dim,
             /*first_row=*/0,
             wide_piece(entries),
             k.grad_table.data<T>());
}
const OnCuda join_experts_backward_entry{join_experts_backward<float>,
                                         join_experts_backward<double>};

}  // namespace
}  // namespace elastic::cuda
