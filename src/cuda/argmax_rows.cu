// The largest element's column of every row: a warp takes a row.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/argmax_rows.h"

namespace elastic::cuda {
namespace {

template <class T>
__global__ void argmax_kernel(const T* x,
                              std::int64_t rows,
                              std::int64_t columns,
                              std::int32_t* out) {
  for (std::int64_t i = grid_warp(); i < rows; i += grid_warps()) {
    const T* row = x + i * columns;
    T largest = lowest<T>();
    auto at = static_cast<std::int32_t>(columns);  // none
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      if (largest < row[j]) {
        largest = row[j];
        at = static_cast<std::int32_t>(j);
      }
    }
    for (int mask = kWarp / 2; mask > 0; mask /= 2) {
      const T other = __shfl_xor_sync(0xFFFFFFFFU, largest, mask);
      const std::int32_t other_at = __shfl_xor_sync(0xFFFFFFFFU, at, mask);
      if (largest < other || (largest == other && other_at < at)) {
        largest = other;
        at = other_at;
      }
    }
    if (lane_index() == 0) {
      out[i] = at < columns ? at : 0;  // nothing is larger than the least number
    }
  }
}

template <class T>
void argmax_rows(const kernels::ArgmaxRows& k) {
  launch(k.kName,
         argmax_kernel<T>,
         dim3(std::min(blocks_of(k.x.rows(), kWarps), 1U << 16)),
         k.x.data<T>(),
         k.x.rows(),
         k.x.cols(),
         k.out.data<std::int32_t>());
}
const OnCuda argmax_rows_entry{argmax_rows<float>, argmax_rows<double>};

}  // namespace
}  // namespace elastic::cuda
