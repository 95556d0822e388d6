// Element-wise kernels and sums.
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// Elements of one task; a multiple of the dropout mask's block.
constexpr std::int64_t kSlice = 1 << 15;

// Calls body(begin, size) for slices of 0..count-1.
template <class Body>
void for_slices(std::int64_t count, const Body& body) {
  const Tiles slices{count, kSlice};
  parallel_for(slices.count(), kElementWork * static_cast<double>(count), [&](std::int64_t s) {
    body(slices.begin(s), slices.end(s) - slices.begin(s));
  });
}

}  // namespace

void CpuBackend::add(const Tensor& a, const Tensor& b, Tensor& out) {
  with_real_type(a.dtype(), [&](auto tag) {
    using T = decltype(tag);
    for_slices(a.numel(), [&](std::int64_t begin, std::int64_t size) {
      ArrayMap<T>(out.data<T>() + begin, size) =
          ConstArrayMap<T>(a.data<T>() + begin, size) + ConstArrayMap<T>(b.data<T>() + begin, size);
    });
  });
}

void CpuBackend::multiply(const Tensor& a, const Tensor& b, Tensor& out) {
  with_real_type(a.dtype(), [&](auto tag) {
    using T = decltype(tag);
    for_slices(a.numel(), [&](std::int64_t begin, std::int64_t size) {
      ArrayMap<T>(out.data<T>() + begin, size) =
          ConstArrayMap<T>(a.data<T>() + begin, size) * ConstArrayMap<T>(b.data<T>() + begin, size);
    });
  });
}

void CpuBackend::add_to(const Tensor& x, Tensor& y) {
  add(x, y, y);
}

void CpuBackend::scale(const Tensor& x, double factor, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    for_slices(x.numel(), [&](std::int64_t begin, std::int64_t size) {
      ArrayMap<T>(out.data<T>() + begin, size) =
          ConstArrayMap<T>(x.data<T>() + begin, size) * static_cast<T>(factor);
    });
  });
}

void CpuBackend::scale_by(const Tensor& x, const Tensor& scalar, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    scale(x, static_cast<double>(scalar.data<decltype(tag)>()[0]), out);
  });
}

void CpuBackend::sum(const Tensor& x, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    double total = 0.0;
    for (const T* value = x.data<T>(); value != x.data<T>() + x.numel(); ++value) {
      total += static_cast<double>(*value);
    }
    out.data<T>()[0] = static_cast<T>(total);
  });
}

void CpuBackend::gelu_forward(const Tensor& x, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    for_slices(x.numel(), [&](std::int64_t begin, std::int64_t size) {
      gelu(x.data<T>() + begin, size, y.data<T>() + begin);
    });
  });
}

void CpuBackend::gelu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    Tensor unused = workspace<T>(x.numel());
    copy(grad_y, grad_x);
    for_slices(x.numel(), [&](std::int64_t begin, std::int64_t size) {
      gelu_with_gradient(
          x.data<T>() + begin, size, unused.data<T>() + begin, grad_x.data<T>() + begin);
    });
  });
}

void CpuBackend::dropout(const Tensor& x, const Dropout& dropout, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    for_slices(x.numel(), [&](std::int64_t begin, std::int64_t size) {
      const T* in = x.data<T>() + begin;
      T* out = y.data<T>() + begin;
      if (in != out) {
        std::copy(in, in + size, out);
      }
      apply_dropout(dropout, begin, size, out);
    });
  });
}

void CpuBackend::divide_rows(const Tensor& x, const Tensor& divisors, Tensor& out) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t dim = x.cols();
    const Tiles tiles{x.rows(), kTokenTile};
    parallel_for(tiles.count(), kElementWork * static_cast<double>(x.numel()), [&](std::int64_t t) {
      for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
        const T divisor = divisors.data<T>()[i];
        const ConstArrayMap<T> in(x.data<T>() + i * dim, dim);
        ArrayMap<T> result(out.data<T>() + i * dim, dim);
        if (divisor == T(0)) {
          result.setZero();
        } else {
          result = in / divisor;
        }
      }
    });
  });
}

}  // namespace elastic::cpu
