// Dropout, element by element.
#include "tensor/kernels/dropout.h"

#include <algorithm>

#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/slices.h"

namespace elastic::cpu {
namespace {

template <class T>
void dropout(const kernels::ApplyDropout& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* in = k.x.data<T>() + begin;
    T* out = k.y.data<T>() + begin;
    if (in != out) {
      std::copy(in, in + size, out);
    }
    apply_dropout(k.dropout, begin, size, out);
  });
}
const OnCpu dropout_entry{dropout<float>, dropout<double>};

}  // namespace
}  // namespace elastic::cpu
