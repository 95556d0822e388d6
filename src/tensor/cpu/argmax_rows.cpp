#include "tensor/kernels/argmax_rows.h"

#include <algorithm>

#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

template <class T>
void argmax_rows(const kernels::ArgmaxRows& k) {
  const std::int64_t columns = k.x.cols();
  auto* result = k.out.data<std::int32_t>();
  const Tiles tiles{k.x.rows(), kTokenTile};
  parallel_for(tiles.count(), static_cast<double>(k.x.numel()), [&](std::int64_t tile) {
    for (std::int64_t i = tiles.begin(tile); i < tiles.end(tile); ++i) {
      const T* row = k.x.data<T>() + i * columns;
      const T largest = ConstArrayMap<T>(row, columns).maxCoeff();
      const T* found = std::find(row, row + columns, largest);
      // Not found if the row has a NaN.
      result[i] = found == row + columns ? 0 : static_cast<std::int32_t>(found - row);
    }
  });
}
const OnCpu argmax_rows_entry{argmax_rows<float>, argmax_rows<double>};

}  // namespace
}  // namespace elastic::cpu
