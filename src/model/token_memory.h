// A memory of experts that every token asks by itself.
#pragma once

#include "autograd/ops/slot_attention.h"
#include "model/layers.h"
#include "model/model_config.h"

namespace elastic {

/// Product keys (Lample et al. 2019) queried from each token's state: q_t = LN(project(z_t)) per
/// retrieval head picks k / M experts of S * S, gated as Interest Memory Retrieval gates them. They
/// join the softmax in which the token has attended to its slots. Causal: a token's experts depend
/// on its own state only; O(n (S + k^2) Dk + n k D) time, and nothing is kept from token to token.
/// Parameters `prefix`.{project.*, query_norm.*, subkeys [M, 2, S, Dk/2], table [S * S, D]}.
class TokenMemory {
 public:
  TokenMemory(ParameterStore& store, const std::string& prefix, const ModelConfig& config);
  /// z [R, D] are the tokens' normed states; query [R, D], with the scale in it, what their heads
  /// have asked the slots; slots.out [R, D], slots.log_sum [R, H] what came of it. -> [R, D].
  [[nodiscard]] Variable join(const Variable& z,
                              const Variable& query,
                              const ops::SlotAttention& slots) const;

 private:
  std::int64_t num_experts_;
  Linear project_;
  ops::NormVariables query_norm_;
  Variable subkeys_;
  Variable table_;
};

}  // namespace elastic
