// Linear layers over groups of tokens.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// A linear layer over groups of tokens: each segment's tokens by `stride` counted from its end, a
/// group's vectors side by side, oldest first; the oldest group is filled with zero vectors in
/// front.
/// x [T, D] in `segments`, weight [O, stride D], bias [O] -> [G, O] in `groups` =
/// segments.grouped(stride). Throws ShapeError when the shapes do not fit.
Variable group_linear(const Variable& x,
                      const Segments& segments,
                      const Segments& groups,
                      std::int64_t stride,
                      const Variable& weight,
                      const Variable& bias);

}  // namespace elastic::ops
