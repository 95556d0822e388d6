// Gates of slot attention: a decayed prefix softmax, and forget gates.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Gates that make a running mean the decayed prefix softmax of ELASTIC-causal: with rate =
/// softplus(decay), gate_t = e^{s_t} / sum over j <= t of e^{s_j - rate (t - j)}.
///
/// scores [T, H, k] in `segments`, decay [H, k] -> [T, H, k], each in (0, 1]; 1 at a segment's
/// first token. A defined `log_sum` [B, H, k], always float64, holds the log of the sum over the
/// tokens before the segments (-inf: none) and is updated in place to their ends; nothing is
/// recorded then. Throws ShapeError when the shapes do not fit.
Variable prefix_gates(const Variable& scores,
                      const Variable& decay,
                      const Segments& segments,
                      Tensor log_sum = {});

/// gate = 1 - sigmoid(x)^(1 / temperature), the gates of gated slot attention (Zhang et al., arXiv
/// 2409.07146).
Variable forget_gates(const Variable& x, double temperature);

}  // namespace elastic::ops
