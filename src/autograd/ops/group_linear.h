// Linear layers over groups of tokens.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// A linear layer over groups of tokens. Each segment is cut into groups of `stride` tokens,
/// counted from its end; a group is its tokens' vectors concatenated, oldest first. The oldest
/// group is padded in front with zero vectors. x [T, D] in `segments`, weight [O, stride D], bias
/// [O] -> [G, O] in `groups` = segments.grouped(stride). Throws ShapeError when the shapes do not
/// fit.
Variable group_linear(const Variable& x,
                      const Segments& segments,
                      const Segments& groups,
                      std::int64_t stride,
                      const Variable& weight,
                      const Variable& bias);

}  // namespace elastic::ops
