// A fixed number of rows projected from the tokens of a segment (Linformer).
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Projects a segment's tokens to k rows: out[b, i] = sum_t projection[i, c] x_t, c = steps from t
/// to the segment's last token. x [T, D], projection [k, N] -> out [B, k, D]. No segment is longer
/// than N.
struct ProjectTokensForward {
  static constexpr const char* kName = "project_tokens_forward";
  const Tensor& x;
  const Tensor& projection;
  const Segments& segments;
  Tensor& out;
  ELASTIC_OPERANDS(x, projection, segments, out);
  double flops() const {
    return 2.0 * num_rows(x) * num_cols(x) * static_cast<double>(projection.shape()[0]);
  }
};

/// Writes both gradients.
struct ProjectTokensBackward {
  static constexpr const char* kName = "project_tokens_backward";
  const Tensor& x;
  const Tensor& projection;
  const Segments& segments;
  const Tensor& grad_out;
  Tensor& grad_x;
  Tensor& grad_projection;
  ELASTIC_OPERANDS(x, projection, segments, grad_out, grad_x, grad_projection);
  double flops() const {
    return 4.0 * num_rows(x) * num_cols(x) * static_cast<double>(projection.shape()[0]);
  }
};

}  // namespace elastic::kernels
