// The sum of a tensor over all ranks, with the same bits on each and for any number of them.
#pragma once

#include <cstdint>
#include <vector>

#include "dist/communicator.h"
#include "tensor/tensor.h"

namespace elastic::dist {

/// The least multiple of the number of ranks from `count` on: the length of a tensor for fixed_sum.
std::int64_t padded_length(const Communicator& ranks, std::int64_t count);

/// The most subtrees that one of these ranks has: the rows of a tensor for fixed_sum. 1 if the
/// number of ranks divides that of the leaves, a power of two.
std::int64_t most_subtrees(const Communicator& ranks, std::size_t leaves);

/// The sum over the leaves of a SumTree that are `present`, of which each rank has leaves_of() it.
/// Row i of `values` [most_subtrees, n], on the CPU, is the sum of the i-th of the rank's
/// subtrees_of() them; further rows, and those without a leaf that is present, do not count. n must
/// be a multiple of the number of ranks. Replaces row 0 by the sum. n and `present`, with one entry
/// for each leaf, must be equal on all ranks.
void fixed_sum(Communicator& ranks, const Tensor& values, const std::vector<bool>& present);

}  // namespace elastic::dist
