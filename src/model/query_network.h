// The query network of Interest Memory Retrieval: one vector per sequence.
#pragma once

#include <vector>

#include "model/layers.h"
#include "model/model_config.h"
#include "tensor/segments.h"

namespace elastic {

/// Pools a sequence into one vector, by levels of groups or as the mean of its tokens.
///
/// Level j groups its tokens by r from the end, pools each group linearly, and if 1 < N_j <=
/// query_attention_len adds softmax attention among the groups; N_0 = ceil(N / r), N_{j+1} =
/// ceil(N_j / r), until 1. The levels follow from N, so every sequence passes all of them; an empty
/// one counts as one zero vector. Parameters imr.query.levels.j.{pool, attention_norm,
/// attention}.*; none with query_network mean.
class QueryNetwork {
 public:
  QueryNetwork() = default;
  /// For histories of up to `max_len` events.
  QueryNetwork(ParameterStore& store, const ModelConfig& config, std::int64_t max_len);
  /// x [T, D] -> [B, D].
  [[nodiscard]] Variable summarise(Variable x, Segments segments) const;

 private:
  struct Level {
    Linear pool;
    bool attends = false;
    ops::NormVariables norm;
    AttentionWeights attention;
  };
  std::int64_t num_heads_ = 1;
  std::int32_t stride_ = 0;
  std::vector<Level> levels_;
};

}  // namespace elastic
