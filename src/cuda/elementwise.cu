// Element by element: sums, products, GELU, dropout.
#include <algorithm>

#include "cuda/backend.h"
#include "cuda/device.cuh"
#include "cuda/dropout.cuh"
#include "cuda/gelu.cuh"
#include "cuda/reduce.h"
#include "cuda/runtime.h"

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

}  // namespace

void CudaBackend::add(const Tensor& a, const Tensor& b, Tensor& out) {
  with_real_type(a.dtype(), [&](auto tag) {
    using T = decltype(tag);
    map("add", a.numel(), out.data<T>(), Add<T>{a.data<T>(), b.data<T>()});
  });
}

void CudaBackend::multiply(const Tensor& a, const Tensor& b, Tensor& out) {
  with_real_type(a.dtype(), [&](auto tag) {
    using T = decltype(tag);
    map("multiply", a.numel(), out.data<T>(), Multiply<T>{a.data<T>(), b.data<T>()});
  });
}

void CudaBackend::add_to(const Tensor& x, Tensor& y) {
  add(x, y, y);
}

void CudaBackend::scale(const Tensor& x, double factor, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    map("scale", x.numel(), out.data<T>(), Scale<T>{x.data<T>(), static_cast<T>(factor)});
  });
}

void CudaBackend::scale_by(const Tensor& x, const Tensor& scalar, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    map("scale_by", x.numel(), out.data<T>(), ScaleBy<T>{x.data<T>(), scalar.data<T>()});
  });
}

void CudaBackend::sum(const Tensor& x, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    sum_rows("sum", x.data<T>(), x.numel(), 1, out.data<T>());
  });
}

void CudaBackend::gelu_forward(const Tensor& x, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    map("gelu_forward", x.numel(), y.data<T>(), Gelu<T>{x.data<T>()});
  });
}

void CudaBackend::gelu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    map("gelu_backward",
        x.numel(),
        grad_x.data<T>(),
        GeluBackward<T>{x.data<T>(), grad_y.data<T>()});
  });
}

void CudaBackend::dropout(const Tensor& x, const Dropout& dropout, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    if (x.numel() > 0) {
      runtime().launch("dropout",
                       dropout_kernel<T>,
                       dim3(blocks_of(dropout_units(0, x.numel()), kThreads)),
                       kThreads,
                       0,
                       x.data<T>(),
                       x.numel(),
                       DropoutView<T>(dropout),
                       y.data<T>());
    }
  });
}

void CudaBackend::divide_rows(const Tensor& x, const Tensor& divisors, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    runtime().launch("divide_rows",
                     divide_rows_kernel<T>,
                     dim3(element_blocks(x.numel())),
                     kThreads,
                     0,
                     x.data<T>(),
                     divisors.data<T>(),
                     x.numel(),
                     x.cols(),
                     out.data<T>());
  });
}

}  // namespace elastic::cuda
