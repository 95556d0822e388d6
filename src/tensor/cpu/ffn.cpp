// The position-wise network with its norm and residual, by tiles of tokens: the hidden layer exists
// in a tile's scratch only, a slab of units at a time, and backward recomputes it.
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

// Hidden units that are computed at a time, so that a tile's buffers stay in the first-level cache.
constexpr std::int64_t kSlab = 64;

// The weights, packed for the products of each slab.
template <class T>
class PackedSlabs {
 public:
  // Slab s of b [k, F]: kSlab of its columns.
  static PackedSlabs of_columns(std::int64_t k, std::int64_t hidden, View<T> b) {
    PackedSlabs slabs(packed_size<T>(k, kSlab), hidden);
    for (std::int64_t s = 0; s < hidden; s += kSlab) {
      pack(k,
           std::min(kSlab, hidden - s),
           {b.data + s * b.col_stride, b.row_stride, b.col_stride},
           slabs.at(s));
    }
    return slabs;
  }
  // Slab s of b [F, n]: kSlab of its rows.
  static PackedSlabs of_rows(std::int64_t hidden, std::int64_t n, View<T> b) {
    PackedSlabs slabs(packed_size<T>(kSlab, n), hidden);
    for (std::int64_t s = 0; s < hidden; s += kSlab) {
      pack(std::min(kSlab, hidden - s),
           n,
           {b.data + s * b.row_stride, b.row_stride, b.col_stride},
           slabs.at(s));
    }
    return slabs;
  }

  // The slab that begins with unit s.
  [[nodiscard]] T* at(std::int64_t s) const {
    return packed_.template data<T>() + s / kSlab * size_;
  }

 private:
  PackedSlabs(std::int64_t size, std::int64_t hidden)
      : size_(size), packed_(workspace<T>((hidden + kSlab - 1) / kSlab * size)) {}

  std::int64_t size_;
  Tensor packed_;
};

template <class T>
void forward(const kernels::FfnForward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t hidden = k.weights.up_weight.rows();
  const NormView<T> norm(k.weights.norm);
  const auto up =
      PackedSlabs<T>::of_columns(dim, hidden, transposed<T>(k.weights.up_weight.data<T>(), dim));
  const auto down =
      PackedSlabs<T>::of_rows(hidden, dim, transposed<T>(k.weights.down_weight.data<T>(), hidden));
  const ThreadScratch<T> scratch(kTokenTile * (2 * dim + kSlab));
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
    fill_rows(k.weights.down_bias.data<T>(), rows, dim, result);
    for (std::int64_t s = 0; s < hidden; s += kSlab) {
      const std::int64_t units = std::min(kSlab, hidden - s);
      const T* bias = k.weights.up_bias.data<T>() + s;
      gemm_from_row(rows, units, dim, row_major<T>(z, dim), up.at(s), bias, h, units);
      gelu(h, rows * units, h);
      gemm(rows, dim, units, row_major<T>(h, units), down.at(s), result, dim, true);
    }
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

template <class T>
class FfnGradients {
 public:
  explicit FfnGradients(const kernels::FfnBackward& kernel)
      : k_(kernel),
        dim_(k_.x.cols()),
        hidden_(k_.weights.up_weight.rows()),
        norm_(k_.weights.norm),
        up_(PackedSlabs<T>::of_columns(
            dim_, hidden_, transposed<T>(k_.weights.up_weight.data<T>(), dim_))),
        down_grad_(PackedSlabs<T>::of_columns(
            dim_, hidden_, row_major<T>(k_.weights.down_weight.data<T>(), hidden_))),
        up_grad_(PackedSlabs<T>::of_rows(
            hidden_, dim_, row_major<T>(k_.weights.up_weight.data<T>(), dim_))),
        z_(layout_.part(kTokenTile * dim_)),
        grad_out_(layout_.part(kTokenTile * dim_)),
        packed_z_(layout_.part(packed_size<T>(kTokenTile, dim_))),
        packed_grad_out_(layout_.part(packed_size<T>(kTokenTile, dim_))),
        grad_z_(layout_.part(kTokenTile * dim_)),
        h_(layout_.part(kTokenTile * kSlab)),
        grad_h_(layout_.part(kTokenTile * kSlab)),
        scratch_(layout_.size()) {}

  void run() const {
    const Tiles chunks = reduction_chunks(k_.x.rows());
    const std::int64_t partial_size = Partial<T>::size(dim_, hidden_);
    Tensor total = workspace<T>(partial_size);
    const double work = product_work(k_.x.rows(), dim_, hidden_);
    reduce_chunks(chunks, work, partial_size, total.data<T>(), [&](std::int64_t c, T* base) {
      const Partial<T> partial(base, dim_, hidden_);
      for (std::int64_t begin = chunks.begin(c); begin < chunks.end(c); begin += kTokenTile) {
        tile(begin, std::min(kTokenTile, chunks.end(c) - begin), partial);
      }
    });
    write_gradients(Partial<T>(total.data<T>(), dim_, hidden_), dim_, hidden_, k_.grad_weights);
  }

 private:
  T* place(ScratchPart part) const { return part.of(scratch_.get()); }

  void tile(std::int64_t begin, std::int64_t rows, const Partial<T>& partial) const {
    T* z = place(z_);
    T* grad_out = place(grad_out_);
    const T* in = k_.x.data<T>() + begin * dim_;
    const T* grad_in = k_.grad_y.data<T>() + begin * dim_;
    norm_rows(in, rows, dim_, norm_, z);
    std::copy(grad_in, grad_in + rows * dim_, grad_out);
    apply_dropout(k_.dropout, begin * dim_, rows * dim_, grad_out);
    pack(rows, dim_, row_major<T>(z, dim_), place(packed_z_));
    pack(rows, dim_, row_major<T>(grad_out, dim_), place(packed_grad_out_));
    for (std::int64_t s = 0; s < hidden_; s += kSlab) {
      slab(s, std::min(kSlab, hidden_ - s), rows, partial);
    }
    add_row_sum(grad_out, rows, dim_, partial.down_bias);
    norm_rows_backward<T>(in,
                          rows,
                          dim_,
                          norm_,
                          place(grad_z_),
                          grad_in,
                          k_.grad_x.data<T>() + begin * dim_,
                          partial.norm_weight,
                          partial.norm_bias);
  }

  // The hidden units s..s + units - 1 of a tile.
  void slab(std::int64_t s,
            std::int64_t units,
            std::int64_t rows,
            const Partial<T>& partial) const {
    T* h = place(h_);
    T* grad_h = place(grad_h_);
    const View<T> z = row_major<T>(place(z_), dim_);
    const View<T> grad_out = row_major<T>(place(grad_out_), dim_);
    gemm_from_row(rows, units, dim_, z, up_.at(s), k_.weights.up_bias.data<T>() + s, h, units);
    gemm(rows, units, dim_, grad_out, down_grad_.at(s), grad_h, units, false);
    gelu_with_gradient(h, rows * units, h, grad_h);
    add_outer(units, rows, h, place(packed_grad_out_), partial.down + s * dim_);
    add_outer(units, rows, grad_h, place(packed_z_), partial.up + s * dim_);
    add_row_sum(grad_h, rows, units, partial.up_bias + s);
    gemm(rows,
         dim_,
         units,
         row_major<T>(grad_h, units),
         up_grad_.at(s),
         place(grad_z_),
         dim_,
         s > 0);
  }

  // sum [units, D] += left [rows, units]^T right [rows, D]
  void add_outer(
      std::int64_t units, std::int64_t rows, const T* left, const T* packed_right, T* sum) const {
    gemm(units, dim_, rows, transposed<T>(left, units), packed_right, sum, dim_, true);
  }

  const kernels::FfnBackward& k_;
  std::int64_t dim_;
  std::int64_t hidden_;
  NormView<T> norm_;
  PackedSlabs<T> up_;
  PackedSlabs<T> down_grad_;
  PackedSlabs<T> up_grad_;
  ScratchLayout layout_;
  ScratchPart z_;
  ScratchPart grad_out_;
  ScratchPart packed_z_;  ///< for products with other columns of the same tokens
  ScratchPart packed_grad_out_;
  ScratchPart grad_z_;
  ScratchPart h_;
  ScratchPart grad_h_;
  ThreadScratch<T> scratch_;
};

template <class T>
void backward(const kernels::FfnBackward& k) {
  FfnGradients<T>(k).run();
}

const OnCpu ffn_forward_entry{forward<float>, forward<double>};

const OnCpu ffn_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
