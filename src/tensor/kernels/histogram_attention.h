// Attention to decayed histograms of codewords (LISA).
#pragma once

#include "tensor/code_histogram.h"
#include "tensor/kernel.h"

namespace elastic::kernels {

/// Attention to a decayed histogram of codewords (LISA): for each codebook c, alpha_t over its
/// words proportional to count_t exp(scores[c, code_t]); out_t = sum over c of alpha_t values[c].
/// scores [C, W, W], values [C, W, D] -> out [T, D] ([segments, D] with last_only, zero for an
/// empty segment).
struct HistogramAttentionForward {
  static constexpr const char* kName = "histogram_attention_forward";
  const CodeHistogram& histogram;
  const Tensor& scores;
  const Tensor& values;
  Tensor& out;
  ELASTIC_OPERANDS(histogram, scores, values, out);
  double flops() const { return 2.0 * num_rows(out) * num_entries(values); }
};

/// Writes all gradients, also grad_occupancy [V + 1, C, W] when `occupancy` is undefined.
struct HistogramAttentionBackward {
  static constexpr const char* kName = "histogram_attention_backward";
  const CodeHistogram& histogram;
  const Tensor& scores;
  const Tensor& values;
  const Tensor& grad_out;
  Tensor& grad_occupancy;
  Tensor& grad_scores;
  Tensor& grad_values;
  ELASTIC_OPERANDS(histogram, scores, values, grad_out, grad_occupancy, grad_scores, grad_values);
  double flops() const { return 4.0 * num_rows(grad_out) * num_entries(values); }
};

}  // namespace elastic::kernels
