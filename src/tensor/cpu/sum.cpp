// The sum of all elements.
#include "tensor/kernels/sum.h"

namespace elastic::cpu {
namespace {

template <class T>
void sum(const kernels::Sum& k) {
  double total = 0.0;
  for (const T* value = k.x.data<T>(); value != k.x.data<T>() + k.x.numel(); ++value) {
    total += static_cast<double>(*value);
  }
  k.out.data<T>()[0] = static_cast<T>(total);
}
const OnCpu sum_entry{sum<float>, sum<double>};

}  // namespace
}  // namespace elastic::cpu
