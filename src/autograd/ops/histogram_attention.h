// Attention to decayed histograms of codewords: LISA (Wu et al., arXiv 2105.14068), linear in the
// length of a sequence.
#pragma once

#include <vector>

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// The codes of V + 1 items in C codebooks of W words.
struct ItemCodes {
  Tensor codes;  ///< [C, V + 1] int32
  /// Per codebook [V + 1, W]: an item's weights over the words. Empty without training.
  std::vector<Variable> probs;
  Tensor occupancy;  ///< the same weights as [V + 1, C, W]; undefined: one-hot codes
};

/// The numbers of `probs`, C times [V + 1, W], as one tensor [V + 1, C, W], for
/// ItemCodes::occupancy. Not recorded: gradients go to `probs`.
Tensor pack_occupancy(const std::vector<Variable>& probs);

/// With o_j the weights of item ids[j] over a codebook's words (one-hot without occupancy) and
/// hist_t = sum over j <= t of e^{-decay (t - j)} o_j within the segment, out_t = sum over
/// codebooks of alpha_t values, alpha_{t,w} proportional to hist_{t,w} exp(scores[code_t, w]).
///
/// ids [T] int32 in `segments`, scores [C, W, W], values [C, W, D] -> [T, D]; with `last_only` the
/// last token of each segment, [segments, D], zero where it is empty. No [T, C, W] exists.
/// Gradient: with p_w = g . value_w and e_w = exp(scores) / sum of hist exp(scores): dscores =
/// alpha (p - alpha . p), dvalues = alpha^T g, dhist = e (p - alpha . p), also if hist is zero,
/// do_j = dhist_j + e^{-decay} do_{j+1}. The gradient of o goes to `probs`, straight through the
/// choice of a code if weights are one-hot. Codes have no gradient. Throws ShapeError when the
/// shapes do not fit.
Variable histogram_attention(const ItemCodes& items,
                             const Tensor& ids,
                             const Segments& segments,
                             const Variable& scores,
                             const Variable& values,
                             double decay,
                             bool last_only = false);

}  // namespace elastic::ops
