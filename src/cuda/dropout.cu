// Dropout, element by element.
#include "cuda/device.cuh"
#include "cuda/dropout.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/dropout.h"

namespace elastic::cuda {
namespace {

template <class T>
__global__ void dropout_kernel(const T* x, std::int64_t count, DropoutView<T> dropout, T* y) {
  const std::int64_t units = dropout_units(0, count);
  for (std::int64_t unit = grid_thread(); unit < units; unit += grid_size()) {
    for_dropout_unit(
        dropout, 0, count, unit, [&](std::int64_t e, T factor) { y[e] = x[e] * factor; });
  }
}

template <class T>
void dropout(const kernels::ApplyDropout& k) {
  if (k.x.numel() > 0) {
    launch(k.kName,
           dropout_kernel<T>,
           dim3(blocks_of(dropout_units(0, k.x.numel()), kThreads)),
           k.x.data<T>(),
           k.x.numel(),
           DropoutView<T>(k.dropout),
           k.y.data<T>());
  }
}
const OnCuda dropout_entry{dropout<float>, dropout<double>};

}  // namespace
}  // namespace elastic::cuda
