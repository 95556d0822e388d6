// The best items by a first pass over the codes of the items (tensor/item_codes.h).
#pragma once

#include "tensor/kernels/ranking.h"

namespace elastic::cpu {

/// Answers a kernel of float32 operands as the pass over its table does, to the bit. False, with
/// nothing written, where that pass is faster: without codes, for many rows, or if a row has too
/// many candidates; or if the scores of a row have no bounds.
bool top_k_by_codes(const kernels::TopK& kernel);

}  // namespace elastic::cpu
