#include <algorithm>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {

void CpuBackend::argmax_rows(const Tensor& x, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t columns = x.cols();
    auto* result = out.data<std::int32_t>();
    const Tiles tiles{x.rows(), kTokenTile};
    parallel_for(tiles.count(), static_cast<double>(x.numel()), [&](std::int64_t tile) {
      for (std::int64_t i = tiles.begin(tile); i < tiles.end(tile); ++i) {
        const T* row = x.data<T>() + i * columns;
        const T largest = ConstArrayMap<T>(row, columns).maxCoeff();
        const T* found = std::find(row, row + columns, largest);
        // Not found where something is not a number.
        result[i] = found == row + columns ? 0 : static_cast<std::int32_t>(found - row);
      }
    });
  });
}

}  // namespace elastic::cpu
