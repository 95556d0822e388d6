// Interest memory: product-key retrieval with a gate.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

struct ProductKeysResult {
  Variable experts;  ///< [B, k, D]
  Tensor indices;    ///< [B, k] int32, rows of the memory
  Tensor gates;      ///< [B, k], mean 1
};

/// Each of M heads picks its k/M experts of S*S by sums of sub-key scores (Lample et al. 2019), in
/// descending order, ties by the smaller id; gate = (k/M) softmax(scores of the chosen);
/// experts = gate * memory[chosen], heads concatenated.
///
/// query [B, M, Dk], subkeys [M, 2, S, Dk/2], memory [S*S, D], k = num_experts. Gradient: through
/// the gate to query and sub-keys, and to the chosen memory rows; the choice itself has no
/// gradient. `bias` [M, 2, S], unless undefined, is added to the sub-key scores for the choice and
/// its order only, without a gradient. Throws ShapeError when the shapes do not fit or k is not
/// divisible by M.
ProductKeysResult product_keys(const Variable& query,
                               const Variable& subkeys,
                               const Variable& memory,
                               std::int64_t num_experts,
                               const Tensor& bias = {});

struct ProductKeyGates {
  Tensor indices;  ///< [R, k] int32, rows of a memory
  Variable gates;  ///< [R, k], mean 1
};

/// The same choice and gates without the experts' rows, for ops that read them in place
/// (join_experts).
ProductKeyGates product_key_gates(const Variable& query,
                                  const Variable& subkeys,
                                  std::int64_t num_experts,
                                  const Tensor& bias = {});

}  // namespace elastic::ops
