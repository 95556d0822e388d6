// Attention to decayed histograms of codewords: LISA (Wu et al., arXiv 2105.14068), linear in the
// length of a sequence.
#pragma once

#include <vector>

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// How V + 1 items are coded by C codebooks of W words.
struct ItemCodes {
  Tensor codes;  ///< [C, V + 1] int32
  /// Per codebook [V + 1, W]: an item's weights over the words. Empty where nothing is trained.
  std::vector<Variable> probs;
  Tensor occupancy;  ///< the same [V + 1, C, W]: items count so; undefined: as one at their code
};

/// The numbers of `probs`, C times [V + 1, W], as one tensor [V + 1, C, W], for
/// ItemCodes::occupancy. No gradient: it goes to `probs`.
Tensor pack_occupancy(const std::vector<Variable>& probs);

/// With o_j item ids[j]'s weights over a codebook's words (one at its code without occupancy) and
/// hist_t = sum over j <= t of e^{-decay (t - j)} o_j within the segment,
/// out_t = sum over codebooks of alpha_t values, alpha_{t,w} proportional to hist_{t,w}
/// exp(scores[code_t, w]).
///
/// ids [T] int32 in `segments`, scores [C, W, W], values [C, W, D] -> [T, D]; with `last_only` the
/// last token of each segment, [segments, D], zero where it is empty. No [T, C, W] exists.
/// Gradient: with p_w = g . value_w and e_w = exp(scores) / sum of hist exp(scores):
/// dscores = alpha (p - alpha . p), dvalues = alpha^T g, dhist = e (p - alpha . p), also where hist
/// is zero, do_j = dhist_j + e^{-decay} do_{j+1}. What o receives goes to `probs`, straight through
/// the choice of a code where items count as one. Codes have no gradient.
/// Throws ShapeError when the shapes do not fit.
Variable histogram_attention(const ItemCodes& items,
                             const Tensor& ids,
                             const Segments& segments,
                             const Variable& scores,
                             const Variable& values,
                             double decay,
                             bool last_only = false);

}  // namespace elastic::ops
