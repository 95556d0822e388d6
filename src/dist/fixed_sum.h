// The sum of a tensor over all ranks, with the same bits on each and for any number of them.
#pragma once

#include <cstdint>
#include <vector>

#include "dist/communicator.h"
#include "tensor/tensor.h"

namespace elastic::dist {

/// The least multiple of the number of ranks from `count` on: the length of a tensor for fixed_sum.
std::int64_t padded_length(const Communicator& ranks, std::int64_t count);

/// Replaces `values` [n], on the CPU, by the sum over the ranks that are `present`, added in the
/// order of a SumTree over the ranks, whose number must be a power of two. n must be a multiple of
/// their number, and equal on all. `present` must be equal on all, with one entry for each rank.
void fixed_sum(Communicator& ranks, Tensor& values, const std::vector<bool>& present);

}  // namespace elastic::dist
