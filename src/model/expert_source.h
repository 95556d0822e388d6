// Where the experts of a sequence come from before its first layer.
#pragma once

#include "autograd/variable.h"
#include "model/pass.h"
#include "tensor/segments.h"

namespace elastic {

/// The experts P^0 of a pass.
struct InitialExperts {
  Variable experts;              ///< [B, k, D]
  RetrievedExperts retrieved{};  ///< empty tensors where nothing is retrieved
};

/// Gives the sequences of a pass their first experts. Models without experts have none.
class ExpertSource {
 public:
  virtual ~ExpertSource() = default;
  /// For tokens x [T, D] right after the input norm, whose items are `ids` [T] (read by random
  /// retrieval only). In a pass of training buffers move.
  [[nodiscard]] virtual InitialExperts initial_experts(const Variable& x,
                                                       const Segments& segments,
                                                       const Tensor& ids,
                                                       bool training) const = 0;
};

}  // namespace elastic
