// The sum of all elements.
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "tensor/kernels/sum.h"

namespace elastic::cuda {
namespace {

template <class T>
void sum(const kernels::Sum& k) {
  sum_rows(k.kName, k.x.data<T>(), k.x.numel(), 1, k.out.data<T>());
}
const OnCuda sum_entry{sum<float>, sum<double>};

}  // namespace
}  // namespace elastic::cuda
