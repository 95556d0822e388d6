// Hierarchical sequential transduction units: HSTU's layer.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"

namespace elastic {

/// A whole layer without a feed-forward network (Zhai et al., arXiv 2402.17152). With z =
/// LN_attention(x), u = silu(z U^T) and query, key, value alike:
///   a_i = 1/N sum over j <= i of silu( query_i . key_j + position_bias[i - j] + time_bias[b_ij] )
///         value_j, per head
///   y = x + output( Dropout( u * LN_no_parameters(a) ) )
/// b_ij is the bucket of the seconds from event j to event i, or with TimeFeatures::kAsked to the
/// event after i. Causal, O(n^2). Parameters layers.i.attention_norm.* and layers.i.attention:
/// {gate, query, key, value}.weight [D, D], output.{weight, bias}, position_bias [N], and
/// time_bias [32] with time features.
class HstuMixer final : public Mixer {
 public:
  HstuMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;

 private:
  ops::NormVariables norm_;
  Variable gate_;
  AttentionWeights weights_;
  Variable position_bias_;
  Variable time_bias_;  // undefined without time features
  std::int64_t num_heads_;
  double scale_;
  TimeFeatures times_;
};

}  // namespace elastic
