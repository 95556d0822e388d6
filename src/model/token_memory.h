// A memory from which every token retrieves its own experts.
#pragma once

#include "autograd/ops/slot_attention.h"
#include "model/layers.h"
#include "model/model_config.h"

namespace elastic {

/// Product keys (Lample et al. 2019) with a query from each token's state: q_t = LN(project(z_t))
/// picks k / M experts of S * S per retrieval head, gated as in Interest Memory Retrieval. They
/// extend the softmax of the token's attention to its slots. Causal: a token's experts depend on
/// its own state only; O(n (S + k^2) Dk + n k D) time, and no state between tokens. Parameters
/// `prefix`.{project.*, query_norm.*, subkeys [M, 2, S, Dk/2], table [S * S, D]}.
class TokenMemory {
 public:
  TokenMemory(ParameterStore& store, const std::string& prefix, const ModelConfig& config);
  /// z [R, D] are the tokens' normed states; query [R, D], scaled, are their heads' queries to the
  /// slots; slots.out [R, D] and slots.log_sum [R, H] are the result of that attention. -> [R, D].
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
