// Sequences sorted by length.
#pragma once

#include "cuda/runtime.h"
#include "tensor/segments.h"

namespace elastic::cuda {

/// The numbers of the segments, the longest first, equal ones as they stand: int32, B of them, with
/// scratch behind.
Tensor longest_first(const char* op, const Segments& segments);

}  // namespace elastic::cuda
