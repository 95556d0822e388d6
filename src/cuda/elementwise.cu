// Element by element: sums, products, GELU, dropout.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/dropout.cuh"
#include "cuda/gelu.cuh"
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "tensor/kernels/dropout.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gelu.h"
#include "tensor/kernels/routing.h"
#include "tensor/kernels/sum.h"

namespace elastic::cuda {
namespace {

// out[i] = body(i)
template <class T, class Body>
__global__ void map_kernel(std::int64_t count, T* out, Body body) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    out[i] = body(i);
  }
}

template <class T, class Body>
void map(const char* op, std::int64_t count, T* out, const Body& body) {
  runtime().launch(
      op, map_kernel<T, Body>, dim3(element_blocks(count)), kThreads, 0, count, out, body);
}

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
struct Gelu {
  const T* x;
  __device__ T operator()(std::int64_t i) const { return gelu(x[i]); }
};
template <class T>
struct GeluBackward {
  const T* x;
  const T* grad_y;
  __device__ T operator()(std::int64_t i) const { return grad_y[i] * gelu_gradient(x[i]); }
};

template <class T>
__global__ void dropout_kernel(const T* x, std::int64_t count, DropoutView<T> dropout, T* y) {
  const std::int64_t units = dropout_units(0, count);
  for (std::int64_t unit = grid_thread(); unit < units; unit += grid_size()) {
    for_dropout_unit(
        dropout, 0, count, unit, [&](std::int64_t e, T factor) { y[e] = x[e] * factor; });
  }
}

template <class T>
__global__ void divide_rows_kernel(
    const T* x, const T* divisors, std::int64_t size, std::int64_t dim, T* out) {
  for (std::int64_t e = grid_thread(); e < size; e += grid_size()) {
    const T divisor = divisors[e / dim];
    out[e] = divisor == T(0) ? T(0) : x[e] / divisor;
  }
}

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

template <class T>
void sum(const kernels::Sum& k) {
  sum_rows(k.kName, k.x.data<T>(), k.x.numel(), 1, k.out.data<T>());
}
const OnCuda sum_entry{sum<float>, sum<double>};

template <class T>
void gelu_forward(const kernels::GeluForward& k) {
  map(k.kName, k.x.numel(), k.y.data<T>(), Gelu<T>{k.x.data<T>()});
}
const OnCuda gelu_forward_entry{gelu_forward<float>, gelu_forward<double>};

template <class T>
void gelu_backward(const kernels::GeluBackward& k) {
  map(k.kName, k.x.numel(), k.grad_x.data<T>(), GeluBackward<T>{k.x.data<T>(), k.grad_y.data<T>()});
}
const OnCuda gelu_backward_entry{gelu_backward<float>, gelu_backward<double>};

template <class T>
void dropout(const kernels::ApplyDropout& k) {
  if (k.x.numel() > 0) {
    runtime().launch(k.kName,
                     dropout_kernel<T>,
                     dim3(blocks_of(dropout_units(0, k.x.numel()), kThreads)),
                     kThreads,
                     0,
                     k.x.data<T>(),
                     k.x.numel(),
                     DropoutView<T>(k.dropout),
                     k.y.data<T>());
  }
}
const OnCuda dropout_entry{dropout<float>, dropout<double>};

template <class T>
void divide_rows(const kernels::DivideRows& k) {
  runtime().launch(k.kName,
                   divide_rows_kernel<T>,
                   dim3(element_blocks(k.x.numel())),
                   kThreads,
                   0,
                   k.x.data<T>(),
                   k.divisors.data<T>(),
                   k.x.numel(),
                   k.x.cols(),
                   k.out.data<T>());
}
const OnCuda divide_rows_entry{divide_rows<float>, divide_rows<double>};

}  // namespace
}  // namespace elastic::cuda
