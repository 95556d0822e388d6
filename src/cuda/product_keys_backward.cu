// Gradients of product keys: of queries by warps, of sub-keys and experts by sums over the
// queries that chose them, sorted by row.
#include "cuda/product_keys.cuh"
#include "cuda/row_sums.cuh"
#include "tensor/kernels/product_keys.h"

namespace elastic::cuda {
namespace {

// A warp takes an expert of a query: with t = grad_experts . memory, dL/d(gate) = t; grad_rows are
// the gradients of the memory's rows.
template <class T>
__global__ void __launch_bounds__(kThreads) experts_backward_kernel(const T* memory,
                                                                    const std::int32_t* indices,
                                                                    const T* gates,
                                                                    const T* grad_experts,
                                                                    std::int64_t count,
                                                                    std::int64_t dim,
                                                                    T* grad_rows,
                                                                    T* grad_gates) {
  for (std::int64_t i = grid_warp(); i < count; i += grid_warps()) {
    const T* expert = memory + indices[i] * dim;
    const T gate = gates[i];
    T sum = 0;
    for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
      const T grad = grad_experts[i * dim + j];
      sum += grad * expert[j];
      grad_rows[i * dim + j] = gate * grad;
    }
    sum = warp_sum(sum);
    if (lane_index() == 0) {
      grad_gates[i] = sum;
    }
  }
}

// A warp takes a query head: the gradient of its chosen scores and of the query, and the rows of
// the sub-keys that it chose, first halves [rows, count] and then second ones. With gate = count
// softmax(score): dL/dscore_i = gate_i (dL/d(gate_i) - mean over the head's experts of gate
// dL/d(gate)).
template <class T>
__global__ void __launch_bounds__(kThreads) gates_backward_kernel(Pool p,
                                                                  const T* subkeys,
                                                                  const std::int32_t* indices,
                                                                  const T* gates,
                                                                  const T* grad_gates,
                                                                  T* grad_scores,
                                                                  std::int32_t* chosen,
                                                                  T* grad_query) {
  for (std::int64_t row = grid_warp(); row < p.rows; row += grid_warps()) {
    const std::int64_t first = row * p.count;
    const int head_keys = static_cast<int>(row % p.heads) * 2 * p.subkeys;
    T mean = 0;
    for (int i = lane_index(); i < p.count; i += kWarp) {
      mean += gates[first + i] * grad_gates[first + i];
    }
    mean = warp_sum(mean) / static_cast<T>(p.count);
    for (int i = lane_index(); i < p.count; i += kWarp) {
      const int id = indices[first + i];
      grad_scores[first + i] = gates[first + i] * (grad_gates[first + i] - mean);
      chosen[first + i] = head_keys + id / p.subkeys;
      chosen[p.rows * p.count + first + i] = head_keys + p.subkeys + id % p.subkeys;
    }
    __syncwarp();
    for (int j = lane_index(); j < p.key_dim; j += kWarp) {
      const bool second = j >= p.half();
      const std::int32_t* keys = chosen + (second ? p.rows * p.count : 0) + first;
      const T* column = subkeys + (second ? j - p.half() : j);
      T sum = 0;
      for (int i = 0; i < p.count; ++i) {
        sum += grad_scores[first + i] * column[static_cast<std::int64_t>(keys[i]) * p.half()];
      }
      grad_query[row * p.key_dim + j] = sum;
    }
  }
}

// A query's part of the gradient of a chosen sub-key; entries in the order of `chosen`.
template <class T>
struct SubkeyGradient {
  const T* queries;
  const T* grad_scores;
  std::int64_t scores;  ///< rows times count
  int count;
  int key_dim;

  __device__ T operator()(std::int32_t entry, std::int64_t j) const {
    const bool second = entry >= scores;
    const std::int64_t score = second ? entry - scores : entry;
    const std::int64_t row = static_cast<int>(score) / count;
    return grad_scores[score] * queries[row * key_dim + (second ? key_dim / 2 : 0) + j];
  }
};

template <class T>
void gates_backward(const char* op,
                    const Pool& p,
                    const Tensor& query,
                    const Tensor& subkeys,
                    const Tensor& indices,
                    const Tensor& gates,
                    const T* grad_gates,
                    Tensor& grad_query,
                    Tensor& grad_subkeys) {
  const std::int64_t scores = p.rows * p.count;
  Tensor grad_scores = workspace<T>(scores);
  Tensor chosen = workspace<std::int32_t>(2 * scores);
  launch(op,
         gates_backward_kernel<T>,
         row_grid(p.rows),
         p,
         subkeys.data<T>(),
         indices.data<std::int32_t>(),
         gates.data<T>(),
         grad_gates,
         grad_scores.data<T>(),
         chosen.data<std::int32_t>(),
         grad_query.data<T>());
  ELASTIC_CUDA_CHECK(
      op, cudaMemsetAsync(grad_subkeys.raw_data(), 0, grad_subkeys.bytes(), runtime().stream()));
  const SortedRows sorted =
      sort_rows(op, chosen.data<std::int32_t>(), 2 * scores, p.heads * 2 * p.subkeys);
  add_sorted(op,
             SubkeyGradient<T>{query.data<T>(), grad_scores.data<T>(), scores, p.count, p.key_dim},
             sorted,
             p.half(),
             /*first_row=*/0,
             wide_piece(2 * scores),
             grad_subkeys.data<T>());
}

template <class T>
void product_keys_backward(const kernels::ProductKeysBackward& k) {
  const char* op = k.kName;
  const Pool p = pool_of(k.query, k.subkeys, k.memory, k.indices);
  Tensor grad_rows = workspace<T>(k.indices.numel() * p.dim);
  Tensor grad_gates = workspace<T>(k.indices.numel());
  launch(op,
         experts_backward_kernel<T>,
         row_grid(k.indices.numel()),
         k.memory.data<T>(),
         k.indices.data<std::int32_t>(),
         k.gates.data<T>(),
         k.grad_experts.data<T>(),
         k.indices.numel(),
         k.memory.cols(),
         grad_rows.data<T>(),
         grad_gates.data<T>());
  gates_backward<T>(op,
                    p,
                    k.query,
                    k.subkeys,
                    k.indices,
                    k.gates,
                    grad_gates.data<T>(),
                    k.grad_query,
                    k.grad_subkeys);
  fill_elements(k.grad_memory, 0.0);
  scatter_add(op,
              grad_rows.data<T>(),
              k.indices.data<std::int32_t>(),
              k.indices.numel(),
              p.dim,
              k.memory.rows(),
              /*first_row=*/0,
              k.grad_memory.data<T>());
}
const OnCuda product_keys_backward_entry{product_keys_backward<float>,
                                         product_keys_backward<double>};

template <class T>
void product_key_gates_backward(const kernels::ProductKeyGatesBackward& k) {
  gates_backward<T>(k.kName,
                    pool_of(k.query, k.subkeys, {}, k.indices),
                    k.query,
                    k.subkeys,
                    k.indices,
                    k.gates,
                    k.grad_gates.data<T>(),
                    k.grad_query,
                    k.grad_subkeys);
}
const OnCuda product_key_gates_backward_entry{product_key_gates_backward<float>,
                                              product_key_gates_backward<double>};

}  // namespace
}  // namespace elastic::cuda
