// The position-wise network by slabs of tokens, small enough for the hidden layer to stay in the
// second-level cache between its products; backward computes it again.
#include <algorithm>

#include "cuda/gelu.cuh"
#include "cuda/gemm.h"
#include "cuda/norm_rows.cuh"
#include "cuda/residual.cuh"
#include "tensor/kernels/ffn.h"

namespace elastic::cuda {
namespace {

constexpr std::int64_t kHiddenElements = std::int64_t{1} << 22;  ///< of a slab: 16 MiB of float32

// Tokens of a slab: a multiple of the norm's blocks, independent of the batch.
std::int64_t slab_rows(std::int64_t hidden) {
  return std::max<std::int64_t>(kHiddenElements / hidden / kNormRows, 1) * kNormRows;
}

// A warp takes a row.
template <class T>
__global__ void bias_gelu_kernel(std::int64_t rows,
                                 std::int64_t columns,
                                 const T* bias,
                                 T* hidden) {
  for (std::int64_t row = grid_warp(); row < rows; row += grid_warps()) {
#pragma unroll 4
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      T& value = hidden[row * columns + j];
      value = gelu(value + bias[j]);
    }
  }
}

// hidden: from its input without bias to its output; grad: to the gradient of that input.
template <class T>
__global__ void bias_gelu_backward_kernel(
    std::int64_t rows, std::int64_t columns, const T* bias, T* hidden, T* grad) {
  for (std::int64_t row = grid_warp(); row < rows; row += grid_warps()) {
#pragma unroll 4
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      const std::int64_t i = row * columns + j;
      const T x = hidden[i] + bias[j];
      hidden[i] = gelu(x);
      grad[i] *= gelu_gradient(x);
    }
  }
}

// masked = dropout(grad) for elements first..first+count-1 of grad.
template <class T>
__global__ void mask_kernel(
    const T* grad, std::int64_t first, std::int64_t count, DropoutView<T> dropout, T* masked) {
  const std::int64_t units = dropout_units(first, count);
  for (std::int64_t unit = grid_thread(); unit < units; unit += grid_size()) {
    for_dropout_unit(dropout, first, count, unit, [&](std::int64_t e, T factor) {
      masked[e - first] = grad[e] * factor;
    });
  }
}

template <class T>
void ffn_forward(const kernels::FfnForward& k) {
  const char* op = k.kName;
  const std::int64_t dim = k.x.cols();
  const std::int64_t hidden_dim = k.weights.up_weight.rows();
  const std::int64_t slab = std::min(slab_rows(hidden_dim), k.x.rows());
  Tensor z = workspace<T>(slab * dim);
  Tensor hidden = workspace<T>(slab * hidden_dim);
  const DropoutView<T> mask(k.dropout);
  for (std::int64_t begin = 0; begin < k.x.rows(); begin += slab) {
    const std::int64_t rows = std::min(slab, k.x.rows() - begin);
    const PlainRow<T> source{k.x.data<T>() + begin * dim, nullptr, static_cast<int>(dim)};
    norm_rows<T>(op, rows, source, k.weights.norm, DropoutView<T>(Dropout{}), z.data<T>());
    gemm<T>(op,
            rows,
            hidden_dim,
            dim,
            {z.data<T>(), dim},
            {k.weights.up_weight.data<T>(), dim, true},
            hidden.data<T>(),
            hidden_dim,
            false);
    launch(op,
           bias_gelu_kernel<T>,
           row_grid(rows),
           rows,
           hidden_dim,
           k.weights.up_bias.data<T>(),
           hidden.data<T>());
    gemm<T>(op,
            rows,
            dim,
            hidden_dim,
            {hidden.data<T>(), hidden_dim},
            {k.weights.down_weight.data<T>(), hidden_dim, true},
            k.y.data<T>() + begin * dim,
            dim,
            false);
    add_residual(op,
                 begin * dim,
                 rows * dim,
                 dim,
                 k.weights.down_bias.data<T>(),
                 k.x.data<T>(),
                 mask,
                 k.y.data<T>());
  }
}

// A slab of rows in backward: scratch that the slabs reuse.
template <class T>
struct Slab {
  std::int64_t rows;
  std::int64_t dim;
  std::int64_t hidden_dim;
  bool first;      ///< sets the weights' gradients; later slabs add to them
  T* z;            ///< [rows, D], normalised
  T* masked;       ///< [rows, D], dropout(dL/dy); later dL/dz
  T* hidden;       ///< [rows, F]
  T* grad_hidden;  ///< [rows, F]
};

// hidden and grad_hidden from z and masked.
template <class T>
void hidden_gradient(const kernels::FfnBackward& k, const Slab<T>& s) {
  gemm<T>(k.kName,
          s.rows,
          s.hidden_dim,
          s.dim,
          {s.z, s.dim},
          {k.weights.up_weight.data<T>(), s.dim, true},
          s.hidden,
          s.hidden_dim,
          false);
  gemm<T>(k.kName,
          s.rows,
          s.hidden_dim,
          s.dim,
          {s.masked, s.dim},
          {k.weights.down_weight.data<T>(), s.hidden_dim},
          s.grad_hidden,
          s.hidden_dim,
          false);
  launch(k.kName,
         bias_gelu_backward_kernel<T>,
         row_grid(s.rows),
         s.rows,
         s.hidden_dim,
         k.weights.up_bias.data<T>(),
         s.hidden,
         s.grad_hidden);
}

template <class T>
void weight_gradients(const kernels::FfnBackward& k, const Slab<T>& s) {
  gemm<T>(k.kName,
          s.dim,
          s.hidden_dim,
          s.rows,
          {s.masked, s.dim, true},
          {s.hidden, s.hidden_dim},
          k.grad_weights.down_weight.data<T>(),
          s.hidden_dim,
          !s.first);
  gemm<T>(k.kName,
          s.hidden_dim,
          s.dim,
          s.rows,
          {s.grad_hidden, s.hidden_dim, true},
          {s.z, s.dim},
          k.grad_weights.up_weight.data<T>(),
          s.dim,
          !s.first);
}

// The gradient of z, in place of `masked`.
template <class T>
void norm_output_gradient(const kernels::FfnBackward& k, const Slab<T>& s) {
  gemm<T>(k.kName,
          s.rows,
          s.dim,
          s.hidden_dim,
          {s.grad_hidden, s.hidden_dim},
          {k.weights.up_weight.data<T>(), s.dim},
          s.masked,
          s.dim,
          false);
}

template <class T>
void ffn_backward(const kernels::FfnBackward& k) {
  const char* op = k.kName;
  const std::int64_t dim = k.x.cols();
  const std::int64_t hidden_dim = k.weights.up_weight.rows();
  const std::int64_t slab = std::min(slab_rows(hidden_dim), k.x.rows());
  const std::int64_t slabs = slab == 0 ? 0 : divide_up(k.x.rows(), slab);
  Tensor z = workspace<T>(slab * dim);
  Tensor masked = workspace<T>(slab * dim);
  Tensor hidden = workspace<T>(slab * hidden_dim);
  Tensor grad_hidden = workspace<T>(slab * hidden_dim);
  Tensor up_partials = workspace<T>(slabs * hidden_dim);
  Tensor down_partials = workspace<T>(slabs * dim);
  const std::int64_t norm_blocks = divide_up(k.x.rows(), kNormRows);
  Tensor norm_partials = workspace<T>(norm_blocks * 2 * dim);
  const DropoutView<T> mask(k.dropout);
  for (std::int64_t s = 0; s < slabs; ++s) {
    const std::int64_t begin = s * slab;
    const std::int64_t rows = std::min(slab, k.x.rows() - begin);
    const std::int64_t first = begin * dim;
    const PlainRow<T> source{k.x.data<T>() + first, masked.data<T>(), static_cast<int>(dim)};
    norm_rows<T>(op, rows, source, k.weights.norm, DropoutView<T>(Dropout{}), z.data<T>());
    launch(op,
           mask_kernel<T>,
           element_grid(dropout_units(first, rows * dim)),
           k.grad_y.data<T>(),
           first,
           rows * dim,
           mask,
           masked.data<T>());
    const Slab<T> part{rows,
                       dim,
                       hidden_dim,
                       s == 0,
                       z.data<T>(),
                       masked.data<T>(),
                       hidden.data<T>(),
                       grad_hidden.data<T>()};
    hidden_gradient(k, part);
    weight_gradients(k, part);
    sum_rows(op, masked.data<T>(), rows, dim, down_partials.data<T>() + s * dim);
    sum_rows(op, grad_hidden.data<T>(), rows, hidden_dim, up_partials.data<T>() + s * hidden_dim);
    norm_output_gradient(k, part);
    norm_rows_backward<T>(op,
                          rows,
                          source,
                          k.weights.norm,
                          DropoutView<T>(Dropout{}),
                          k.grad_y.data<T>() + first,
                          k.grad_x.data<T>() + first,
                          norm_partials.data<T>() + begin / kNormRows * 2 * dim);
  }
  sum_rows(op, up_partials.data<T>(), slabs, hidden_dim, k.grad_weights.up_bias.data<T>());
  sum_rows(op, down_partials.data<T>(), slabs, dim, k.grad_weights.down_bias.data<T>());
  write_norm_gradient(op, norm_partials.data<T>(), norm_blocks, dim, k.grad_weights.norm);
}

const OnCuda ffn_forward_entry{ffn_forward<float>, ffn_forward<double>};
const OnCuda ffn_backward_entry{ffn_backward<float>, ffn_backward<double>};

}  // namespace
}  // namespace elastic::cuda
