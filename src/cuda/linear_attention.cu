// Attention without softmax: a matrix for each segment and head, summed over its keys, and its
// product with every query.
#include "cuda/backend.h"
#include "cuda/runtime.h"
#include "cuda/token_products.cuh"

namespace elastic::cuda {
namespace {

// Rows of heads, and matrices [B, H, Dh, Dh], of one type.
template <class T>
struct Heads {
  int count;
  int dim;

  explicit Heads(const Tensor& context)
      : count(static_cast<int>(context.shape()[1])), dim(static_cast<int>(context.cols())) {}

  [[nodiscard]] UnitRows<T> rows(const Tensor& x) const { return {x.data<T>(), count, dim}; }

  // out[b, h] = sum over the tokens of segment b of left_t^T right_t.
  void sum(const char* op,
           const Segments& segments,
           const Tensor& left,
           const Tensor& right,
           Tensor& out) const {
    sum_products(op,
                 segments,
                 products_of(segments, count, dim, dim),
                 rows(left),
                 rows(right),
                 out.data<T>());
  }

  // out_t = x_t M[b, h], or x_t M[b, h]^T.
  void multiply(const char* op,
                const Segments& segments,
                const Tensor& x,
                const Tensor& matrices,
                bool transpose,
                Tensor& out) const {
    clear_behind(segments, {&out});
    const MatrixView<T> view{matrices.data<T>(), transpose ? 1 : dim, transpose ? dim : 1};
    multiply_rows(
        op, segments, products_of(segments, count, dim, dim), rows(x), view, out.data<T>());
  }
};

}  // namespace

void CudaBackend::linear_attention_forward(const Tensor& query,
                                           const Tensor& key,
                                           const Tensor& value,
                                           const Segments& queries,
                                           const Segments& keys,
                                           Tensor& context,
                                           Tensor& out) {
  with_real_type(query.dtype(), [&](auto tag) {
    const char* op = "linear_attention_forward";
    const Heads<decltype(tag)> heads(context);
    heads.sum(op, keys, key, value, context);
    heads.multiply(op, queries, query, context, /*transpose=*/false, out);
  });
}

// With C the context and g = dL/dout: dC = sum_t query_t^T g_t, dquery_t = g_t C^T,
// dkey_t = value_t dC^T, dvalue_t = key_t dC.
void CudaBackend::linear_attention_backward(const Tensor& query,
                                            const Tensor& key,
                                            const Tensor& value,
                                            const Segments& queries,
                                            const Segments& keys,
                                            const Tensor& context,
                                            const Tensor& grad_out,
                                            Tensor& grad_query,
                                            Tensor& grad_key,
                                            Tensor& grad_value) {
  with_real_type(query.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const char* op = "linear_attention_backward";
    const Heads<T> heads(context);
    Tensor grad_context = workspace<T>(context.numel());
    heads.sum(op, queries, query, grad_out, grad_context);
    heads.multiply(op, queries, grad_out, context, /*transpose=*/true, grad_query);
    heads.multiply(op, keys, value, grad_context, /*transpose=*/true, grad_key);
    heads.multiply(op, keys, key, grad_context, /*transpose=*/false, grad_value);
  });
}

}  // namespace elastic::cuda
