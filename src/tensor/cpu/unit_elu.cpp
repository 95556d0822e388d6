// Rows of elu(x), scaled to unit length.
#include "tensor/kernels/unit_elu.h"

#include <cmath>

#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// e^x - 1 for x <= 0, given e^x: near zero, where the difference loses digits, by the series, whose
// first omitted term is below half a unit in the last place at -1/2.
template <class T, class V>
inline V exp_minus_one(V x, V exp_x) {
  constexpr int kTerms = sizeof(T) == sizeof(float) ? 8 : 14;
  V series = V{} + T(1);
#pragma GCC unroll 16
  for (int n = kTerms; n > 1; --n) {
    series = T(1) + x * (T(1) / static_cast<T>(n)) * series;
  }
  return x > T(-0.5) ? x * series : exp_x - T(1);
}

template <class T, class V>
inline V elu(V x, V exp_x) {
  return x > T(0) ? x : exp_minus_one<T>(x, exp_x);
}

// exps = e^min(x, 0); those of positive elements are not used.
template <class T>
void negative_exps(const T* __restrict x, std::int64_t count, T* __restrict exps) {
  for (std::int64_t i = 0; i < count; ++i) {
    exps[i] = std::min(x[i], T(0));
  }
  exp_in_place(exps, count);
}

template <class T, class Length>
void forward_row(const T* x, const T* exps, Length dim, T* y) {
  LaneSum<T> squares;
  for_lanes<T>(dim, [&](auto v, std::int64_t j) {
    using V = decltype(v);
    v = elu<T>(load<V>(x + j), load<V>(exps + j));
    squares.add(v * v);
    store(y + j, v);
  });
  const T inverse = T(1) / (std::sqrt(squares.total()) + static_cast<T>(kernels::kUnitEpsilon));
  for_lanes<T>(dim,
               [&](auto v, std::int64_t j) { store(y + j, load<decltype(v)>(y + j) * inverse); });
}

// With e = elu(x), r = |e| and s = 1 / (r + epsilon): dL/de = s g - s^2 (g . e) e / r, the second
// term zero for a zero row; elu'(x) is 1 for x > 0, else e^x.
template <class T, class Length>
void backward_row(const T* x, const T* exps, const T* grad_y, Length dim, T* elus, T* grad_x) {
  LaneSum<T> squares;
  LaneSum<T> dot;
  for_lanes<T>(dim, [&](auto v, std::int64_t j) {
    using V = decltype(v);
    v = elu<T>(load<V>(x + j), load<V>(exps + j));
    squares.add(v * v);
    dot.add(v * load<V>(grad_y + j));
    store(elus + j, v);
  });
  const T norm = std::sqrt(squares.total());
  const T inverse = T(1) / (norm + static_cast<T>(kernels::kUnitEpsilon));
  const T along = norm > T(0) ? inverse * inverse * dot.total() / norm : T(0);
  for_lanes<T>(dim, [&](auto v, std::int64_t j) {
    using V = decltype(v);
    const V grad = inverse * load<V>(grad_y + j) - along * load<V>(elus + j);
    store(grad_x + j, load<V>(x + j) > T(0) ? grad : grad * load<V>(exps + j));
  });
}

// Calls body(begin, rows, scratch) for tiles of rows, with a scratch of rows * dim + dim elements.
template <class T, class Body>
void for_each_tile(const Tensor& x, const Body& body) {
  const Tiles tiles = token_tiles(x.rows());
  const ThreadScratch<T> scratch((kTokenTile + 1) * x.cols());
  parallel_for(tiles.count(), kElementWork * product_work(x.numel()), [&](std::int64_t t) {
    body(tiles.begin(t), tiles.end(t) - tiles.begin(t), scratch.get());
  });
}

template <class T>
void unit_elu_forward(const kernels::UnitEluForward& k) {
  for_each_tile<T>(k.x, [&](std::int64_t begin, std::int64_t rows, T* exps) {
    const std::int64_t first = begin * k.x.cols();
    negative_exps(k.x.data<T>() + first, rows * k.x.cols(), exps);
    with_row_length(k.x.cols(), [&](auto dim) {
      for (std::int64_t i = 0; i < rows; ++i) {
        forward_row(
            k.x.data<T>() + first + i * dim, exps + i * dim, dim, k.y.data<T>() + first + i * dim);
      }
    });
  });
}
const OnCpu unit_elu_forward_entry{unit_elu_forward<float>, unit_elu_forward<double>};

template <class T>
void unit_elu_backward(const kernels::UnitEluBackward& k) {
  for_each_tile<T>(k.x, [&](std::int64_t begin, std::int64_t rows, T* exps) {
    const std::int64_t first = begin * k.x.cols();
    T* elus = exps + rows * k.x.cols();
    negative_exps(k.x.data<T>() + first, rows * k.x.cols(), exps);
    with_row_length(k.x.cols(), [&](auto dim) {
      for (std::int64_t i = 0; i < rows; ++i) {
        backward_row(k.x.data<T>() + first + i * dim,
                     exps + i * dim,
                     k.grad_y.data<T>() + first + i * dim,
                     dim,
                     elus,
                     k.grad_x.data<T>() + first + i * dim);
      }
    });
  });
}
const OnCpu unit_elu_backward_entry{unit_elu_backward<float>, unit_elu_backward<double>};

}  // namespace
}  // namespace elastic::cpu
