// The per-head products of absorbed projections, by cuBLAS.
#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/runtime.h"
#include "tensor/kernels/heads.h"

namespace elastic::cuda {
namespace {

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

// A matrix per head, each with D columns in memory: `step` elements lead to the next head's.
template <class T>
struct HeadMatrices {
  T* first;
  std::int64_t step;
  bool transposed = false;
};

// Products of every head with one big matrix each: experts [B, H, k, D] as [H, B k, D].
template <class T>
class Heads {
 public:
  Heads(const char* op, const Tensor& experts, const Tensor& rows)
      : op_(op),
        batch_(experts.shape()[0]),
        heads_(experts.shape()[1]),
        row_(experts.shape()[2] * experts.shape()[3]),
        rows_(rows.rows()),
        dim_(rows.cols()) {}

  [[nodiscard]] std::int64_t head_dim() const { return dim_ / heads_; }
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t dim() const { return dim_; }

  /// Each head's columns of [R, D]: [R, Dh], or transposed [Dh, R].
  [[nodiscard]] HeadMatrices<T> columns_of(const Tensor& x, bool transposed = false) const {
    return {x.data<T>(), head_dim(), transposed};
  }
  /// Each head's rows of a weight [D, D]: [Dh, D], or transposed [D, Dh].
  [[nodiscard]] HeadMatrices<T> rows_of(const Tensor& weight, bool transposed = false) const {
    return {weight.data<T>(), head_dim() * dim_, transposed};
  }
  /// Each head's experts [R, D], permuted into `scratch` unless there is one head alone.
  [[nodiscard]] HeadMatrices<T> experts_of(const Tensor& experts, Tensor& scratch) const {
    scratch = experts;
    if (heads_ > 1) {
      scratch = workspace<T>(experts.numel());
      permute(experts.data<T>(), false, scratch.data<T>());
    }
    return {scratch.data<T>(), rows_ * dim_};
  }

  /// out = left right for each head, [m, inner] [inner, n].
  void multiply(std::int64_t m,
                std::int64_t n,
                std::int64_t inner,
                const HeadMatrices<T>& left,
                const HeadMatrices<T>& right,
                const HeadMatrices<T>& out) const {
    for (std::int64_t h = 0; h < heads_; ++h) {
      gemm<T>(op_,
              m,
              n,
              inner,
              {left.first + h * left.step, dim_, left.transposed},
              {right.first + h * right.step, dim_, right.transposed},
              out.first + h * out.step,
              dim_,
              false);
    }
  }

  /// experts = the product of `left` and `right`, [R, inner] [inner, D] for each head.
  void multiply_into_experts(std::int64_t inner,
                             const HeadMatrices<T>& left,
                             const HeadMatrices<T>& right,
                             const Tensor& experts) const {
    const Tensor product = heads_ == 1 ? experts : workspace<T>(experts.numel());
    multiply(rows_, dim_, inner, left, right, {product.data<T>(), rows_ * dim_});
    if (heads_ > 1) {
      permute(product.data<T>(), true, experts.data<T>());
    }
  }

 private:
  void permute(const T* source, bool back, T* target) const {
    launch(op_,
           permute_heads_kernel<T>,
           element_grid(batch_ * heads_ * row_),
           source,
           batch_,
           heads_,
           row_,
           back,
           target);
  }

  const char* op_;
  std::int64_t batch_;
  std::int64_t heads_;
  std::int64_t row_;
  std::int64_t rows_;
  std::int64_t dim_;
};

template <class T>
void heads_expand(const kernels::HeadsExpand& k) {
  const Heads<T> by(k.kName, k.out, k.x);
  by.multiply_into_experts(by.head_dim(), by.columns_of(k.x), by.rows_of(k.weight), k.out);
}
const OnCuda heads_expand_entry{heads_expand<float>, heads_expand<double>};

template <class T>
void heads_contract(const kernels::HeadsContract& k) {
  const Heads<T> by(k.kName, k.z, k.out);
  Tensor scratch;
  by.multiply(by.rows(),
              by.head_dim(),
              by.dim(),
              by.experts_of(k.z, scratch),
              by.rows_of(k.weight, /*transposed=*/true),
              by.columns_of(k.out));
}
const OnCuda heads_contract_entry{heads_contract<float>, heads_contract<double>};

template <class T>
void heads_outer(const kernels::HeadsOuter& k) {
  const Heads<T> by(k.kName, k.z, k.x);
  Tensor scratch;
  by.multiply(by.head_dim(),
              by.dim(),
              by.rows(),
              by.columns_of(k.x, /*transposed=*/true),
              by.experts_of(k.z, scratch),
              by.rows_of(k.out));
}
const OnCuda heads_outer_entry{heads_outer<float>, heads_outer<double>};

}  // namespace
}  // namespace elastic::cuda
