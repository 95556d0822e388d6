// Layer norm over rows.
#include "tensor/kernels/layer_norm.h"

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

template <class T>
void layer_norm_forward(const kernels::LayerNormForward& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles tiles{k.x.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.y.numel()), [&](std::int64_t t) {
    norm_rows(k.x.data<T>() + tiles.begin(t) * dim,
              tiles.end(t) - tiles.begin(t),
              dim,
              NormView<T>(k.norm),
              k.y.data<T>() + tiles.begin(t) * dim);
  });
}
const OnCpu layer_norm_forward_entry{layer_norm_forward<float>, layer_norm_forward<double>};

template <class T>
void layer_norm_backward(const kernels::LayerNormBackward& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles chunks = reduction_chunks(k.x.rows());
  Tensor partials = workspace<T>(chunks.count() * 2 * dim);
  fill_elements(partials, 0.0);
  parallel_for(
      chunks.count(), kElementWork * static_cast<double>(k.x.numel()), [&](std::int64_t c) {
        const std::int64_t first = chunks.begin(c) * dim;
        T* partial = partials.data<T>() + c * 2 * dim;
        norm_rows_backward<T>(k.x.data<T>() + first,
                              chunks.end(c) - chunks.begin(c),
                              dim,
                              NormView<T>(k.norm),
                              k.grad_y.data<T>() + first,
                              nullptr,
                              k.grad_x.data<T>() + first,
                              partial,
                              partial + dim);
      });
  write_norm_gradient(partials.data<T>(), chunks.count(), dim, k.grad_norm);
}
const OnCpu layer_norm_backward_entry{layer_norm_backward<float>, layer_norm_backward<double>};

}  // namespace
}  // namespace elastic::cpu
