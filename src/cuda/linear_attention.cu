// Attention without softmax: a matrix for each segment and head, summed over its keys, and its
// product with every query.
#include "cuda/runtime.h"
#include "cuda/token_products.cuh"
#include "tensor/kernels/linear_attention.h"

namespace elastic::cuda {
namespace {

// Rows of heads, and matrices [B, H, Dh, Dh], of one type.
template <class T>
struct HeadRows {
  int count;
  int dim;

  explicit HeadRows(const Tensor& context)
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

template <class T>
void linear_attention_forward(const kernels::LinearAttentionForward& k) {
  const char* op = k.kName;
  const HeadRows<T> heads(k.context);
  heads.sum(op, k.keys, k.key, k.value, k.context);
  heads.multiply(op, k.queries, k.query, k.context, /*transpose=*/false, k.out);
}
const OnCuda linear_attention_forward_entry{linear_attention_forward<float>,
                                            linear_attention_forward<double>};

// With C the context and g = dL/dout: dC = sum_t query_t^T g_t, dquery_t = g_t C^T,
// dkey_t = value_t dC^T, dvalue_t = key_t dC.
template <class T>
void linear_attention_backward(const kernels::LinearAttentionBackward& k) {
  const char* op = k.kName;
  const HeadRows<T> heads(k.context);
  Tensor grad_context = workspace<T>(k.context.numel());
  heads.sum(op, k.queries, k.query, k.grad_out, grad_context);
  heads.multiply(op, k.queries, k.grad_out, k.context, /*transpose=*/true, k.grad_query);
  heads.multiply(op, k.keys, k.value, grad_context, /*transpose=*/true, k.grad_key);
  heads.multiply(op, k.keys, k.key, grad_context, /*transpose=*/false, k.grad_value);
}
const OnCuda linear_attention_backward_entry{linear_attention_backward<float>,
                                             linear_attention_backward<double>};

}  // namespace
}  // namespace elastic::cuda
