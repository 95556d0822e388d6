// Element-wise kernels and sums.
#include "tensor/kernels/elementwise.h"

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector_math.h"
#include "tensor/kernels/dropout.h"
#include "tensor/kernels/gelu.h"
#include "tensor/kernels/routing.h"
#include "tensor/kernels/sum.h"

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

template <class T>
void sum(const kernels::Sum& k) {
  double total = 0.0;
  for (const T* value = k.x.data<T>(); value != k.x.data<T>() + k.x.numel(); ++value) {
    total += static_cast<double>(*value);
  }
  k.out.data<T>()[0] = static_cast<T>(total);
}
const OnCpu sum_entry{sum<float>, sum<double>};

template <class T>
void gelu_forward(const kernels::GeluForward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    gelu(k.x.data<T>() + begin, size, k.y.data<T>() + begin);
  });
}
const OnCpu gelu_forward_entry{gelu_forward<float>, gelu_forward<double>};

template <class T>
void gelu_backward(const kernels::GeluBackward& k) {
  Tensor unused = workspace<T>(k.x.numel());
  copy_elements(k.grad_y, k.grad_x);
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    gelu_with_gradient(
        k.x.data<T>() + begin, size, unused.data<T>() + begin, k.grad_x.data<T>() + begin);
  });
}
const OnCpu gelu_backward_entry{gelu_backward<float>, gelu_backward<double>};

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

template <class T>
void divide_rows(const kernels::DivideRows& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles tiles{k.x.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.x.numel()), [&](std::int64_t t) {
    for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
      const T divisor = k.divisors.data<T>()[i];
      const ConstArrayMap<T> in(k.x.data<T>() + i * dim, dim);
      ArrayMap<T> result(k.out.data<T>() + i * dim, dim);
      if (divisor == T(0)) {
        result.setZero();
      } else {
        result = in / divisor;
      }
    }
  });
}
const OnCpu divide_rows_entry{divide_rows<float>, divide_rows<double>};

}  // namespace
}  // namespace elastic::cpu
