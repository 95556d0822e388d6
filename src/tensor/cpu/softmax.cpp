// Softmax over rows.
#include "tensor/kernels/softmax.h"

#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

template <class T>
void softmax_forward(const kernels::SoftmaxForward& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles tiles{k.x.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.y.numel()), [&](std::int64_t t) {
    for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
      const ConstArrayMap<T> in(k.x.data<T>() + i * dim, dim);
      ArrayMap<T> out(k.y.data<T>() + i * dim, dim);
      out = in - in.maxCoeff();
      exp_in_place(out.data(), dim);
      T sum = 0;
#pragma omp simd reduction(+ : sum)
      for (std::int64_t j = 0; j < dim; ++j) {
        sum += out[j];
      }
      out /= sum;
    }
  });
}
const OnCpu softmax_forward_entry{softmax_forward<float>, softmax_forward<double>};

template <class T>
void softmax_backward(const kernels::SoftmaxBackward& k) {
  const std::int64_t dim = k.y.cols();
  const Tiles tiles{k.y.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.y.numel()), [&](std::int64_t t) {
    for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
      const ConstArrayMap<T> probs(k.y.data<T>() + i * dim, dim);
      const ConstArrayMap<T> grad(k.grad_y.data<T>() + i * dim, dim);
      const T dot = (probs * grad).sum();
      ArrayMap<T>(k.grad_x.data<T>() + i * dim, dim) = probs * (grad - dot);
    }
  });
}
const OnCpu softmax_backward_entry{softmax_backward<float>, softmax_backward<double>};

}  // namespace
}  // namespace elastic::cpu
