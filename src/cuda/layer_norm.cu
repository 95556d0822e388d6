// Layer norm over rows: a warp takes a row.
#include "cuda/device.cuh"
#include "cuda/norm_rows.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/layer_norm.h"

namespace elastic::cuda {
namespace {

template <class T>
void layer_norm_forward(const kernels::LayerNormForward& k) {
  const PlainRow<T> rows{k.x.data<T>(), nullptr, static_cast<int>(k.x.cols())};
  norm_rows<T>(k.kName, k.x.rows(), rows, k.norm, DropoutView<T>(Dropout{}), k.y.data<T>());
}
const OnCuda layer_norm_forward_entry{layer_norm_forward<float>, layer_norm_forward<double>};

template <class T>
void layer_norm_backward(const kernels::LayerNormBackward& k) {
  const char* op = k.kName;
  const std::int64_t blocks = divide_up(k.x.rows(), kNormRows);
  Tensor partials = workspace<T>(blocks * 2 * k.x.cols());
  const PlainRow<T> rows{k.x.data<T>(), k.grad_y.data<T>(), static_cast<int>(k.x.cols())};
  norm_rows_backward<T>(op,
                        k.x.rows(),
                        rows,
                        k.norm,
                        DropoutView<T>(Dropout{}),
                        nullptr,
                        k.grad_x.data<T>(),
                        partials.data<T>());
  write_norm_gradient(op, partials.data<T>(), blocks, k.x.cols(), k.grad_norm);
}
const OnCuda layer_norm_backward_entry{layer_norm_backward<float>, layer_norm_backward<double>};

}  // namespace
}  // namespace elastic::cuda
