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
    cuda::launch(op,
                 permute_heads_kernel<T>,
                 element_grid(batch_ * heads_ * row_),
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
