// LightSANs: Fan et al., "Lighter and Better: Low-Rank Decomposed Self-Attention Networks for
// Next-Item Recommendation", SIGIR 2021.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// Bidirectional, O(n k D). With z = LN_attention(x):
///   keys = softmax over tokens(z Wk^T key_interest^T)^T z Wk^T, unscaled and over the full D, and
///   values likewise, k rows each;
///   mixer = softmax attention of the queries z Wq^T to those rows, scale 1 / sqrt(Dh).
/// No key or value of the n tokens is computed: the scores are z (key_interest Wk)^T, and the
/// pooled z are projected. Parameters layers.i.attention_norm.*,
/// layers.i.attention.{query,key,value,output}.*, layers.i.attention.{key_interest,value_interest}
/// [k, D].
class LightSansMixer final : public Mixer {
 public:
  LightSansMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;

 private:
  // Each sequence's tokens, pooled by interest and projected: [B k, D].
  [[nodiscard]] Variable pool(const Variable& x,
                              const Variable& interest,
                              const Variable& weight,
                              const Segments& segments) const;

  std::int64_t num_heads_;
  ops::NormVariables norm_;
  AttentionWeights weights_;
  Variable key_interest_;
  Variable value_interest_;
};

}  // namespace elastic
