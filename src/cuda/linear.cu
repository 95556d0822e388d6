// Linear layers: a product by cuBLAS, and what stands around it by kernels.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/reduce.h"
#include "cuda/residual.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/heads.h"
#include "tensor/kernels/linear.h"
#include "tensor/kernels/transpose.h"

namespace elastic::cuda {
namespace {

constexpr int kTransposeTile = 32;

template <class T>
__global__ void __launch_bounds__(kThreads)
    transpose_kernel(const T* x, std::int64_t rows, std::int64_t columns, T* out) {
  __shared__ T tile[kTransposeTile][kTransposeTile + 1];
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kTransposeTile;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.y) * kTransposeTile;
  for (int i = warp_index(); i < kTransposeTile; i += kWarps) {
    if (row + i < rows && column + lane_index() < columns) {
      tile[i][lane_index()] = x[(row + i) * columns + column + lane_index()];
    }
  }
  __syncthreads();
  for (int i = warp_index(); i < kTransposeTile; i += kWarps) {
    if (column + i < columns && row + lane_index() < rows) {
      out[(column + i) * rows + row + lane_index()] = tile[lane_index()][i];
    }
  }
}

// A warp takes a row.
template <class T>
__global__ void add_bias_kernel(std::int64_t rows, std::int64_t columns, const T* bias, T* y) {
  for (std::int64_t row = grid_warp(); row < rows; row += grid_warps()) {
#pragma unroll 4
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      y[row * columns + j] += bias[j];
    }
  }
}

// [B, H, k, D] -> [H, B k, D], or back.
template <class T>
__global__ void permute_heads_kernel(const T* source,
                                     std::int64_t batch,
                                     std::int64_t heads,
                                     std::int64_t row,
                                     bool back,
                                     T* target) {
  const std::int64_t count = batch * heads * row;
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const std::int64_t b = i / row / heads;
    const std::int64_t h = i / row % heads;
    const std::int64_t permuted = (h * batch + b) * row + i % row;
    if (back) {
      target[i] = source[permuted];
    } else {
      target[permuted] = source[i];
    }
  }
}

// Products of every head with one big matrix each: experts [B, H, k, D] as [H, B k, D].
template <class T>
class Heads {
 public:
  Heads(const Tensor& experts, const Tensor& rows)
      : batch_(experts.shape()[0]),
        heads_(experts.shape()[1]),
        row_(experts.shape()[2] * experts.shape()[3]),
        rows_(rows.rows()),
        dim_(rows.cols()) {}

  [[nodiscard]] std::int64_t head_dim() const { return dim_ / heads_; }
  [[nodiscard]] std::int64_t heads() const { return heads_; }
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t dim() const { return dim_; }

  /// Head h's rows of `experts`, permuted into `scratch` unless there is one head alone.
  [[nodiscard]] const T* permuted(const char* op, const Tensor& experts, Tensor& scratch) const {
    if (heads_ == 1) {
      return experts.data<T>();
    }
    scratch = workspace<T>(experts.numel());
    launch(op, experts.data<T>(), false, scratch.data<T>());
    return scratch.data<T>();
  }
  void permute_back(const char* op, const Tensor& scratch, Tensor& experts) const {
    launch(op, scratch.data<T>(), true, experts.data<T>());
  }

 private:
  void launch(const char* op, const T* source, bool back, T* target) const {
    runtime().launch(op,
                     permute_heads_kernel<T>,
                     dim3(element_blocks(batch_ * heads_ * row_)),
                     kThreads,
                     0,
                     source,
                     batch_,
                     heads_,
                     row_,
                     back,
                     target);
  }

  std::int64_t batch_;
  std::int64_t heads_;
  std::int64_t row_;
  std::int64_t rows_;
  std::int64_t dim_;
};

template <class T>
void transpose(const kernels::Transpose& k) {
  const std::int64_t rows = k.x.shape()[0];
  const std::int64_t columns = k.x.shape()[1];
  runtime().launch(k.kName,
                   transpose_kernel<T>,
                   dim3(blocks_of(rows, kTransposeTile), blocks_of(columns, kTransposeTile)),
                   kThreads,
                   0,
                   k.x.data<T>(),
                   rows,
                   columns,
                   k.out.data<T>());
}
const OnCuda transpose_entry{transpose<float>, transpose<double>};

template <class T>
void linear_forward(const kernels::LinearForward& k) {
  const std::int64_t in = k.x.cols();
  const std::int64_t out = k.y.cols();
  gemm<T>(k.kName,
          k.x.rows(),
          out,
          in,
          {k.x.data<T>(), in},
          {k.weight.data<T>(), in, true},
          k.y.data<T>(),
          out,
          false);
  if (k.bias.defined()) {
    runtime().launch(k.kName,
                     add_bias_kernel<T>,
                     dim3(blocks_of(k.y.rows(), kWarps)),
                     kThreads,
                     0,
                     k.y.rows(),
                     out,
                     k.bias.data<T>(),
                     k.y.data<T>());
  }
}
const OnCuda linear_forward_entry{linear_forward<float>, linear_forward<double>};

template <class T>
void linear_backward(const kernels::LinearBackward& k) {
  const char* op = k.kName;
  const std::int64_t in = k.x.cols();
  const std::int64_t out = k.grad_y.cols();
  if (k.grad_x != nullptr) {
    gemm<T>(op,
            k.x.rows(),
            in,
            out,
            {k.grad_y.data<T>(), out},
            {k.weight.data<T>(), in},
            k.grad_x->data<T>(),
            in,
            false);
  }
  if (k.grad_weight != nullptr) {
    gemm<T>(op,
            out,
            in,
            k.x.rows(),
            {k.grad_y.data<T>(), out, true},
            {k.x.data<T>(), in},
            k.grad_weight->data<T>(),
            in,
            false);
  }
  if (k.grad_bias != nullptr) {
    sum_rows(op, k.grad_y.data<T>(), k.x.rows(), out, k.grad_bias->data<T>());
  }
}
const OnCuda linear_backward_entry{linear_backward<float>, linear_backward<double>};

template <class T>
void linear_residual_forward(const kernels::LinearResidualForward& k) {
  linear_forward<T>(kernels::LinearForward{k.x, k.weight, Tensor(), k.y});
  add_residual(k.kName,
               0,
               k.y.numel(),
               k.y.cols(),
               k.bias.data<T>(),
               k.residual.data<T>(),
               DropoutView<T>(k.dropout),
               k.y.data<T>());
}
const OnCuda linear_residual_forward_entry{linear_residual_forward<float>,
                                           linear_residual_forward<double>};

template <class T>
void heads_expand(const kernels::HeadsExpand& k) {
  const Heads<T> by(k.out, k.x);
  const std::int64_t dim = by.dim();
  Tensor scratch = by.heads() == 1 ? k.out : workspace<T>(k.out.numel());
  for (std::int64_t h = 0; h < by.heads(); ++h) {
    gemm<T>(k.kName,
            by.rows(),
            dim,
            by.head_dim(),
            {k.x.data<T>() + h * by.head_dim(), dim},
            {k.weight.data<T>() + h * by.head_dim() * dim, dim},
            scratch.data<T>() + h * by.rows() * dim,
            dim,
            false);
  }
  if (by.heads() > 1) {
    by.permute_back(k.kName, scratch, k.out);
  }
}
const OnCuda heads_expand_entry{heads_expand<float>, heads_expand<double>};

template <class T>
void heads_contract(const kernels::HeadsContract& k) {
  const Heads<T> by(k.z, k.out);
  const std::int64_t dim = by.dim();
  Tensor scratch;
  const T* source = by.permuted(k.kName, k.z, scratch);
  for (std::int64_t h = 0; h < by.heads(); ++h) {
    gemm<T>(k.kName,
            by.rows(),
            by.head_dim(),
            dim,
            {source + h * by.rows() * dim, dim},
            {k.weight.data<T>() + h * by.head_dim() * dim, dim, true},
            k.out.data<T>() + h * by.head_dim(),
            dim,
            false);
  }
}
const OnCuda heads_contract_entry{heads_contract<float>, heads_contract<double>};

template <class T>
void heads_outer(const kernels::HeadsOuter& k) {
  const Heads<T> by(k.z, k.x);
  const std::int64_t dim = by.dim();
  Tensor scratch;
  const T* source = by.permuted(k.kName, k.z, scratch);
  for (std::int64_t h = 0; h < by.heads(); ++h) {
    gemm<T>(k.kName,
            by.head_dim(),
            dim,
            by.rows(),
            {k.x.data<T>() + h * by.head_dim(), dim, true},
            {source + h * by.rows() * dim, dim},
            k.out.data<T>() + h * by.head_dim() * dim,
            dim,
            false);
  }
}
const OnCuda heads_outer_entry{heads_outer<float>, heads_outer<double>};

}  // namespace
}  // namespace elastic::cuda
