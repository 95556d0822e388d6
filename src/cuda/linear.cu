// Linear layers: a product by cuBLAS, and what stands around it by kernels.
#include <algorithm>

#include "cuda/backend.h"
#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/reduce.h"
#include "cuda/residual.cuh"
#include "cuda/runtime.h"

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

}  // namespace

void CudaBackend::transpose(const Tensor& x, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t rows = x.shape()[0];
    const std::int64_t columns = x.shape()[1];
    runtime().launch("transpose",
                     transpose_kernel<T>,
                     dim3(blocks_of(rows, kTransposeTile), blocks_of(columns, kTransposeTile)),
                     kThreads,
                     0,
                     x.data<T>(),
                     rows,
                     columns,
                     out.data<T>());
  });
}

void CudaBackend::linear_forward(const Tensor& x,
                                 const Tensor& weight,
                                 const Tensor& bias,
                                 Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t in = x.cols();
    const std::int64_t out = y.cols();
    gemm<T>("linear_forward",
            x.rows(),
            out,
            in,
            {x.data<T>(), in},
            {weight.data<T>(), in, true},
            y.data<T>(),
            out,
            false);
    if (bias.defined()) {
      runtime().launch("linear_forward",
                       add_bias_kernel<T>,
                       dim3(blocks_of(y.rows(), kWarps)),
                       kThreads,
                       0,
                       y.rows(),
                       out,
                       bias.data<T>(),
                       y.data<T>());
    }
  });
}

void CudaBackend::linear_backward(const Tensor& x,
                                  const Tensor& weight,
                                  const Tensor& grad_y,
                                  Tensor* grad_x,
                                  Tensor* grad_weight,
                                  Tensor* grad_bias) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const char* op = "linear_backward";
    const std::int64_t in = x.cols();
    const std::int64_t out = grad_y.cols();
    if (grad_x != nullptr) {
      gemm<T>(op,
              x.rows(),
              in,
              out,
              {grad_y.data<T>(), out},
              {weight.data<T>(), in},
              grad_x->data<T>(),
              in,
              false);
    }
    if (grad_weight != nullptr) {
      gemm<T>(op,
              out,
              in,
              x.rows(),
              {grad_y.data<T>(), out, true},
              {x.data<T>(), in},
              grad_weight->data<T>(),
              in,
              false);
    }
    if (grad_bias != nullptr) {
      sum_rows(op, grad_y.data<T>(), x.rows(), out, grad_bias->data<T>());
    }
  });
}

void CudaBackend::linear_residual_forward(const Tensor& x,
                                          const Tensor& weight,
                                          const Tensor& bias,
                                          const Tensor& residual,
                                          const Dropout& dropout,
                                          Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    linear_forward(x, weight, Tensor(), y);
    add_residual("linear_residual_forward",
                 0,
                 y.numel(),
                 y.cols(),
                 bias.data<T>(),
                 residual.data<T>(),
                 DropoutView<T>(dropout),
                 y.data<T>());
  });
}

void CudaBackend::heads_expand(const Tensor& x, const Tensor& weight, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const Heads<T> by(out, x);
    const std::int64_t dim = by.dim();
    Tensor scratch = by.heads() == 1 ? out : workspace<T>(out.numel());
    for (std::int64_t h = 0; h < by.heads(); ++h) {
      gemm<T>("heads_expand",
              by.rows(),
              dim,
              by.head_dim(),
              {x.data<T>() + h * by.head_dim(), dim},
              {weight.data<T>() + h * by.head_dim() * dim, dim},
              scratch.data<T>() + h * by.rows() * dim,
              dim,
              false);
    }
    if (by.heads() > 1) {
      by.permute_back("heads_expand", scratch, out);
    }
  });
}

void CudaBackend::heads_contract(const Tensor& z, const Tensor& weight, Tensor& out) {
  with_real_type(z.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const Heads<T> by(z, out);
    const std::int64_t dim = by.dim();
    Tensor scratch;
    const T* source = by.permuted("heads_contract", z, scratch);
    for (std::int64_t h = 0; h < by.heads(); ++h) {
      gemm<T>("heads_contract",
              by.rows(),
              by.head_dim(),
              dim,
              {source + h * by.rows() * dim, dim},
              {weight.data<T>() + h * by.head_dim() * dim, dim, true},
              out.data<T>() + h * by.head_dim(),
              dim,
              false);
    }
  });
}

void CudaBackend::heads_outer(const Tensor& x, const Tensor& z, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const Heads<T> by(z, x);
    const std::int64_t dim = by.dim();
    Tensor scratch;
    const T* source = by.permuted("heads_outer", z, scratch);
    for (std::int64_t h = 0; h < by.heads(); ++h) {
      gemm<T>("heads_outer",
              by.head_dim(),
              dim,
              by.rows(),
              {x.data<T>() + h * by.head_dim(), dim, true},
              {source + h * by.rows() * dim, dim},
              out.data<T>() + h * by.head_dim() * dim,
              dim,
              false);
    }
  });
}

}  // namespace elastic::cuda
