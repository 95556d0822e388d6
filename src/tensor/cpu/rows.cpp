// Gathers rows of a table, and adds to them.
#include "tensor/kernels/rows.h"

#include <algorithm>

#include "tensor/cpu/parallel.h"
#include "tensor/cpu/row_sort.h"

namespace elastic::cpu {
namespace {

template <class T>
void gather_rows(const kernels::GatherRows& k) {
  const std::int64_t dim = k.table.cols();
  const auto* index = k.rows.data<std::int32_t>();
  const Tiles tiles{k.rows.numel(), kTokenTile};
  parallel_for(
      tiles.count(), kElementWork * static_cast<double>(k.out.numel()), [&](std::int64_t t) {
        for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
          const T* source = k.table.data<T>() + index[i] * dim;
          std::copy(source, source + dim, k.out.data<T>() + i * dim);
        }
      });
}
const OnCpu gather_rows_entry{gather_rows<float>, gather_rows<double>};

template <class T>
void scatter_add_rows(const kernels::ScatterAddRows& k) {
  const SortedRows sorted(k.rows.data<std::int32_t>(), k.rows.numel(), k.grad_table.rows());
  sorted.add_to(k.grad_out.data<T>(), k.grad_table.cols(), 0, k.grad_table.data<T>());
}
const OnCpu scatter_add_rows_entry{scatter_add_rows<float>, scatter_add_rows<double>};

}  // namespace
}  // namespace elastic::cpu
