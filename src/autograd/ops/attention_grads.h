// Gradients of attention's inputs.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// Uninitialised gradients of query, key and value, for a backward kernel to write.
struct AttentionGrads {
  AttentionGrads(const Variable& query_input,
                 const Variable& key_input,
                 const Variable& value_input);
  /// Adds each to its input; the tensors are moved away.
  void add_to(const Variable& query_input, const Variable& key_input, const Variable& value_input);

  Tensor query;
  Tensor key;
  Tensor value;
};

}  // namespace elastic::ops
