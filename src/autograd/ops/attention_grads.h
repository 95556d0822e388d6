// Gradients of the inputs of attention.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// Gradients by query, key and value, uninitialised, for a backward kernel to write.
struct AttentionGrads {
  AttentionGrads(const Variable& query_input,
                 const Variable& key_input,
                 const Variable& value_input);
  /// Adds each to its input, and gives it up.
  void add_to(const Variable& query_input, const Variable& key_input, const Variable& value_input);

  Tensor query;
  Tensor key;
  Tensor value;
};

}  // namespace elastic::ops
