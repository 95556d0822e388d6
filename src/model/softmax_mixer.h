// Causal softmax attention: SASRec's mixer.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"

namespace elastic {

/// Parameters layers.i.attention_norm.* and layers.i.attention.{query,key,value,output}.*.
class SoftmaxMixer final : public Mixer {
 public:
  SoftmaxMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable forward(const Variable& x, MixerState& state, const Dropout& dropout) const override;
  Variable forward_last(const Variable& x,
                        const Tensor& last,
                        MixerState& state,
                        const Dropout& dropout) const override;

 private:
  ops::NormVariables norm_;
  AttentionWeights weights_;
  std::int64_t num_heads_;
};

}  // namespace elastic
