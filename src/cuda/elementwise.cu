// Sums, products and multiples, element by element.
#include "cuda/map.cuh"
#include "tensor/kernels/elementwise.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Add {
  const T* a;
  const T* b;
  __device__ T operator()(std::int64_t i) const { return a[i] + b[i]; }
};
template <class T>
struct Multiply {
  const T* a;
  const T* b;
  __device__ T operator()(std::int64_t i) const { return a[i] * b[i]; }
};
template <class T>
struct Scale {
  const T* x;
  T factor;
  __device__ T operator()(std::int64_t i) const { return x[i] * factor; }
};
template <class T>
struct ScaleBy {
  const T* x;
  const T* scalar;
  __device__ T operator()(std::int64_t i) const { return x[i] * *scalar; }
};

template <class T>
void add(const kernels::Add& k) {
  map(k.kName, k.a.numel(), k.out.data<T>(), Add<T>{k.a.data<T>(), k.b.data<T>()});
}
const OnCuda add_entry{add<float>, add<double>};

template <class T>
void multiply(const kernels::Multiply& k) {
  map(k.kName, k.a.numel(), k.out.data<T>(), Multiply<T>{k.a.data<T>(), k.b.data<T>()});
}
const OnCuda multiply_entry{multiply<float>, multiply<double>};

template <class T>
void add_to(const kernels::AddTo& k) {
  add<T>(kernels::Add{k.x, k.y, k.y});
}
const OnCuda add_to_entry{add_to<float>, add_to<double>};

template <class T>
void scale(const kernels::Scale& k) {
  map(k.kName, k.x.numel(), k.out.data<T>(), Scale<T>{k.x.data<T>(), static_cast<T>(k.factor)});
}
const OnCuda scale_entry{scale<float>, scale<double>};

template <class T>
void scale_by(const kernels::ScaleBy& k) {
  map(k.kName, k.x.numel(), k.out.data<T>(), ScaleBy<T>{k.x.data<T>(), k.scalar.data<T>()});
}
const OnCuda scale_by_entry{scale_by<float>, scale_by<double>};

}  // namespace
}  // namespace elastic::cuda
