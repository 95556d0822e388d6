// Sequences sorted by length.
#pragma once

#include "cuda/runtime.h"
#include "tensor/segments.h"

namespace elastic::cuda {

/// The numbers of the segments, the longest first, equal ones in their order: int32, B of them, and
/// scratch after them.
Tensor longest_first(const char* op, const Segments& segments);

}  // namespace elastic::cuda
