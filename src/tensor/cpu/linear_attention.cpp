// Attention without softmax: a matrix for each segment and head, summed over its keys by chunks of
// tokens, and its product with every query.
#include "tensor/kernels/linear_attention.h"

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/segment_chunks.h"
#include "tensor/cpu/tile.h"

namespace elastic::cpu {
namespace {

// The layout of heads in rows [T, D], side by side, and in matrices [B, H, Dh, Dh].
struct Heads {
  std::int64_t count;
  std::int64_t dim;  ///< Dh
  [[nodiscard]] std::int64_t row() const { return count * dim; }
  [[nodiscard]] std::int64_t matrix() const { return dim * dim; }
  [[nodiscard]] std::int64_t matrices() const { return count * matrix(); }
};

// out[b, h] = sum over the tokens t of segment b of left_t^T right_t.
template <class T>
void sum_products(const Tensor& left,
                  const Tensor& right,
                  const SegmentChunks& chunks,
                  std::int64_t num_segments,
                  const Heads& heads,
                  Tensor& out) {
  const double work = product_work(left.numel(), heads.dim);
  const Tensor partials =
      workspace<T>(chunks.any_cut() ? chunks.count() * heads.matrices() : std::int64_t{0});
  parallel_for(chunks.count() * heads.count, work, [&](std::int64_t unit) {
    const std::int64_t c = unit / heads.count;
    const std::int64_t h = unit % heads.count;
    const std::int64_t first = chunks[c].begin * heads.row() + h * heads.dim;
    T* sums = chunks.whole(c) ? out.data<T>() + chunks[c].segment * heads.matrices()
                              : partials.data<T>() + c * heads.matrices();
    gemm_unpacked(heads.dim,
                  heads.dim,
                  chunks[c].end - chunks[c].begin,
                  transposed<T>(left.data<T>() + first, heads.row()),
                  right.data<T>() + first,
                  heads.row(),
                  sums + h * heads.matrix(),
                  heads.dim,
                  false);
  });
  // Segments of several chunks (summed in order) or of none (zero).
  for (std::int64_t b = 0; b < num_segments; ++b) {
    const std::int64_t first = chunks.first(b);
    if (const std::int64_t count = chunks.first(b + 1) - first; count != 1) {
      T* sums = out.data<T>() + b * heads.matrices();
      const T* parts = count == 0 ? nullptr : partials.data<T>() + first * heads.matrices();
      sum_partials(parts, count, heads.matrices(), sums);
    }
  }
}

// out_t = x_t M[b, h] for the tokens of each segment, or x_t M[b, h]^T.
template <class T>
void multiply_rows(const Tensor& x,
                   const Tensor& matrices,
                   bool transpose,
                   const SegmentChunks& chunks,
                   const Heads& heads,
                   Tensor& out) {
  const ThreadScratch<T> scratch(packed_size<T>(heads.dim, heads.dim));
  const double work = product_work(x.numel(), heads.dim);
  parallel_for(chunks.count() * heads.count, work, [&](std::int64_t unit) {
    const SegmentChunks::Chunk& chunk = chunks[unit / heads.count];
    const std::int64_t h = unit % heads.count;
    const std::int64_t first = chunk.begin * heads.row() + h * heads.dim;
    const T* matrix = matrices.data<T>() + chunk.segment * heads.matrices() + h * heads.matrix();
    pack(heads.dim,
         heads.dim,
         transpose ? transposed<T>(matrix, heads.dim) : row_major<T>(matrix, heads.dim),
         scratch.get());
    gemm(chunk.end - chunk.begin,
         heads.dim,
         heads.dim,
         row_major<T>(x.data<T>() + first, heads.row()),
         scratch.get(),
         out.data<T>() + first,
         heads.row(),
         false);
  });
}

Heads heads_of(const Tensor& context) {
  return {context.shape()[1], context.cols()};
}

template <class T>
void linear_attention_forward(const kernels::LinearAttentionForward& k) {
  const Heads heads = heads_of(k.context);
  sum_products<T>(k.key, k.value, SegmentChunks(k.keys), k.keys.size(), heads, k.context);
  multiply_rows<T>(k.query, k.context, /*transpose=*/false, SegmentChunks(k.queries), heads, k.out);
}
const OnCpu linear_attention_forward_entry{linear_attention_forward<float>,
                                           linear_attention_forward<double>};

// With C the context and g = dL/dout: dC = sum_t query_t^T g_t, dquery_t = g_t C^T,
// dkey_t = value_t dC^T, dvalue_t = key_t dC.
template <class T>
void linear_attention_backward(const kernels::LinearAttentionBackward& k) {
  const Heads heads = heads_of(k.context);
  const SegmentChunks query_chunks(k.queries);
  const SegmentChunks key_chunks(k.keys);
  Tensor grad_context = workspace<T>(k.context.numel());
  sum_products<T>(k.query, k.grad_out, query_chunks, k.queries.size(), heads, grad_context);
  multiply_rows<T>(k.grad_out, k.context, /*transpose=*/true, query_chunks, heads, k.grad_query);
  multiply_rows<T>(k.value, grad_context, /*transpose=*/true, key_chunks, heads, k.grad_key);
  multiply_rows<T>(k.key, grad_context, /*transpose=*/false, key_chunks, heads, k.grad_value);
}
const OnCpu linear_attention_backward_entry{linear_attention_backward<float>,
                                            linear_attention_backward<double>};

}  // namespace
}  // namespace elastic::cpu
