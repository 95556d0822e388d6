// The source of a sequence's experts before the first layer.
#pragma once

#include "autograd/variable.h"
#include "model/pass.h"
#include "tensor/segments.h"

namespace elastic {

/// The experts P^0 of a pass.
struct InitialExperts {
  Variable experts;              ///< [B, k, D]
  RetrievedExperts retrieved{};  ///< empty tensors without retrieval
  Variable gates{};  ///< [B, k, D]: factors of what tokens read from the experts; undefined: 1
};

/// Provides the first experts of a pass. Models without experts have no source.
class ExpertSource {
 public:
  virtual ~ExpertSource() = default;
  /// x [T, D] are the tokens after the input norm, `ids` [T] their items (read by random retrieval
  /// only). A training pass updates buffers.
  [[nodiscard]] virtual InitialExperts initial_experts(const Variable& x,
                                                       const Segments& segments,
                                                       const Tensor& ids,
                                                       bool training) const = 0;
};

/// The source's experts for a pass in `mode`.
[[nodiscard]] InitialExperts take_experts(const ExpertSource& source,
                                          const Variable& x,
                                          const Segments& segments,
                                          const Tensor& ids,
                                          const ForwardMode& mode);

}  // namespace elastic
