// The position-wise network with its norm and residual, by tiles of tokens: the hidden layer exists
// in a tile's scratch only, and backward recomputes it.
#include "tensor/kernels/ffn.h"

#include "tensor/cpu/dropout_mask.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/norm_rows.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/scratch_layout.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

template <class T>
void forward(const kernels::FfnForward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t hidden = k.weights.up_weight.rows();
  const NormView<T> norm(k.weights.norm);
  Tensor up_packed = workspace<T>(packed_size<T>(dim, hidden));
  Tensor down_packed = workspace<T>(packed_size<T>(hidden, dim));
  pack(dim, hidden, transposed(k.weights.up_weight.data<T>(), dim), up_packed.data<T>());
  pack(hidden, dim, transposed(k.weights.down_weight.data<T>(), hidden), down_packed.data<T>());
  const ThreadScratch<T> scratch(kTokenTile * (2 * dim + hidden));
  const Tiles tiles = token_tiles(k.x.rows());
  parallel_for(tiles.count(), product_work(k.x.rows(), dim, hidden), [&](std::int64_t t) {
    const std::int64_t begin = tiles.begin(t);
    const std::int64_t rows = tiles.end(t) - begin;
    T* z = scratch.get();
    T* result = z + kTokenTile * dim;
    T* h = result + kTokenTile * dim;
    const T* in = k.x.data<T>() + begin * dim;
    T* out = k.y.data<T>() + begin * dim;
    norm_rows(in, rows, dim, norm, z);
    fill_rows(k.weights.up_bias.data<T>(), rows, hidden, h);
    gemm(rows, hidden, dim, row_major<T>(z, dim), up_packed.data<T>(), h, hidden, true);
    gelu(h, rows * hidden, h);
    fill_rows(k.weights.down_bias.data<T>(), rows, dim, result);
    gemm(rows, dim, hidden, row_major<T>(h, hidden), down_packed.data<T>(), result, dim, true);
    apply_dropout(k.dropout, begin * dim, rows * dim, result);
    for (std::int64_t i = 0; i < rows * dim; ++i) {
      out[i] = in[i] + result[i];
    }
  });
}

// One chunk's sums of the weights' gradients. `down` is kept as [F, D]: both products then have a
// narrow right side.
template <class T>
struct Partial {
  T* up;
  T* down;
  T* up_bias;
  T* down_bias;
  T* norm_weight;
  T* norm_bias;

  static std::int64_t size(std::int64_t dim, std::int64_t hidden) {
    return 2 * dim * hidden + hidden + 3 * dim;
  }
  Partial(T* base, std::int64_t dim, std::int64_t hidden)
      : up(base),
        down(up + dim * hidden),
        up_bias(down + dim * hidden),
        down_bias(up_bias + hidden),
        norm_weight(down_bias + dim),
        norm_bias(norm_weight + dim) {}
};

template <class T>
void write_gradients(const Partial<T>& sums,
                     std::int64_t dim,
                     std::int64_t hidden,
                     const FfnWeights& grads) {
  std::copy(sums.up, sums.up + dim * hidden, grads.up_weight.data<T>());
  transpose(sums.down, hidden, dim, grads.down_weight.data<T>());
  std::copy(sums.up_bias, sums.up_bias + hidden, grads.up_bias.data<T>());
  std::copy(sums.down_bias, sums.down_bias + dim, grads.down_bias.data<T>());
  if (grads.norm.weight.defined()) {
    std::copy(sums.norm_weight, sums.norm_weight + dim, grads.norm.weight.data<T>());
    std::copy(sums.norm_bias, sums.norm_bias + dim, grads.norm.bias.data<T>());
  }
}

// Long because the loop over tiles shares a dozen packed weights and buffers, all named here.
template <class T>
void backward(const kernels::FfnBackward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t hidden = k.weights.up_weight.rows();
  const NormView<T> norm(k.weights.norm);
  Tensor up_packed = workspace<T>(packed_size<T>(dim, hidden));
  Tensor down_grad_packed = workspace<T>(packed_size<T>(dim, hidden));
  Tensor up_grad_packed = workspace<T>(packed_size<T>(hidden, dim));
  pack(dim, hidden, transposed(k.weights.up_weight.data<T>(), dim), up_packed.data<T>());
  pack(dim,
       hidden,
       row_major<T>(k.weights.down_weight.data<T>(), hidden),
       down_grad_packed.data<T>());
  pack(hidden, dim, row_major<T>(k.weights.up_weight.data<T>(), dim), up_grad_packed.data<T>());
  ScratchLayout layout;
  const ScratchPart z_part = layout.part(kTokenTile * dim);
  const ScratchPart grad_out_part = layout.part(kTokenTile * dim);
  const ScratchPart grad_z_part = layout.part(kTokenTile * dim);
  const ScratchPart h_part = layout.part(kTokenTile * hidden);
  const ScratchPart grad_h_part = layout.part(kTokenTile * hidden);
  const ThreadScratch<T> scratch(layout.size());
  const Tiles chunks = reduction_chunks(k.x.rows());
  const std::int64_t partial_size = Partial<T>::size(dim, hidden);
  Tensor total = workspace<T>(partial_size);
  const double work = product_work(k.x.rows(), dim, hidden);

  reduce_chunks(chunks, work, partial_size, total.data<T>(), [&](std::int64_t c, T* base) {
    const Partial<T> partial(base, dim, hidden);
    for (std::int64_t begin = chunks.begin(c); begin < chunks.end(c); begin += kTokenTile) {
      const std::int64_t rows = std::min(kTokenTile, chunks.end(c) - begin);
      T* z = z_part.of(scratch.get());
      T* grad_out = grad_out_part.of(scratch.get());
      T* grad_z = grad_z_part.of(scratch.get());
      T* h = h_part.of(scratch.get());
      T* grad_h = grad_h_part.of(scratch.get());
      const T* in = k.x.data<T>() + begin * dim;
      const T* grad_in = k.grad_y.data<T>() + begin * dim;
      norm_rows(in, rows, dim, norm, z);
      fill_rows(k.weights.up_bias.data<T>(), rows, hidden, h);
      gemm(rows, hidden, dim, row_major<T>(z, dim), up_packed.data<T>(), h, hidden, true);
      std::copy(grad_in, grad_in + rows * dim, grad_out);
      apply_dropout(k.dropout, begin * dim, rows * dim, grad_out);
      gemm(rows,
           hidden,
           dim,
           row_major<T>(grad_out, dim),
           down_grad_packed.data<T>(),
           grad_h,
           hidden,
           false);
      gelu_with_gradient(h, rows * hidden, h, grad_h);
      gemm_unpacked(
          hidden, dim, rows, transposed<T>(h, hidden), grad_out, dim, partial.down, dim, true);
      gemm_unpacked(
          hidden, dim, rows, transposed<T>(grad_h, hidden), z, dim, partial.up, dim, true);
      add_row_sum(grad_h, rows, hidden, partial.up_bias);
      add_row_sum(grad_out, rows, dim, partial.down_bias);
      gemm(rows,
           dim,
           hidden,
           row_major<T>(grad_h, hidden),
           up_grad_packed.data<T>(),
           grad_z,
           dim,
           false);
      norm_rows_backward(in,
                         rows,
                         dim,
                         norm,
                         grad_z,
                         grad_in,
                         k.grad_x.data<T>() + begin * dim,
                         partial.norm_weight,
                         partial.norm_bias);
    }
  });
  write_gradients(Partial<T>(total.data<T>(), dim, hidden), dim, hidden, k.grad_weights);
}

const OnCpu ffn_forward_entry{forward<float>, forward<double>};

const OnCpu ffn_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
