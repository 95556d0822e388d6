// The transpose of a matrix.
#include "tensor/kernels/transpose.h"

#include "tensor/cpu/tile.h"

namespace elastic::cpu {
namespace {

template <class T>
void transpose(const kernels::Transpose& k) {
  cpu::transpose(k.x.data<T>(), k.x.shape()[0], k.x.shape()[1], k.out.data<T>());
}
const OnCpu transpose_entry{transpose<float>, transpose<double>};

}  // namespace
}  // namespace elastic::cpu
