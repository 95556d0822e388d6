// Sums, products and multiples, element by element.
#include "tensor/kernels/elementwise.h"

#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/slices.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

template <class T>
void add(const kernels::Add& k) {
  for_slices(k.a.numel(), [&](std::int64_t begin, std::int64_t size) {
    ArrayMap<T>(k.out.data<T>() + begin, size) = ConstArrayMap<T>(k.a.data<T>() + begin, size) +
                                                 ConstArrayMap<T>(k.b.data<T>() + begin, size);
  });
}
const OnCpu add_entry{add<float>, add<double>};

template <class T>
void multiply(const kernels::Multiply& k) {
  for_slices(k.a.numel(), [&](std::int64_t begin, std::int64_t size) {
    ArrayMap<T>(k.out.data<T>() + begin, size) = ConstArrayMap<T>(k.a.data<T>() + begin, size) *
                                                 ConstArrayMap<T>(k.b.data<T>() + begin, size);
  });
}
const OnCpu multiply_entry{multiply<float>, multiply<double>};

template <class T>
void add_to(const kernels::AddTo& k) {
  add<T>(kernels::Add{k.x, k.y, k.y});
}
const OnCpu add_to_entry{add_to<float>, add_to<double>};

template <class T>
void scale(const kernels::Scale& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    ArrayMap<T>(k.out.data<T>() + begin, size) =
        ConstArrayMap<T>(k.x.data<T>() + begin, size) * static_cast<T>(k.factor);
  });
}
const OnCpu scale_entry{scale<float>, scale<double>};

template <class T>
void scale_by(const kernels::ScaleBy& k) {
  scale<T>(kernels::Scale{k.x, static_cast<double>(k.scalar.data<T>()[0]), k.out});
}
const OnCpu scale_by_entry{scale_by<float>, scale_by<double>};

}  // namespace
}  // namespace elastic::cpu
