// Shapes of the two cores of Linear Dispatcher Attention.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Throws ShapeError, naming `op`, unless x is [T, D] in `segments` and experts [B, H, k, D].
void check_dispatcher(const char* op,
                      const Variable& x,
                      const Variable& experts,
                      const Segments& segments);

}  // namespace elastic::ops
