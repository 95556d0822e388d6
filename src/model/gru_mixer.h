// A gated recurrent unit in place of attention: GRU4Rec's mixer.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// mixer = GRU(LN_attention(x)), one layer from D to a state of D, zero before the first token
/// (Hidasi et al., arXiv 1511.06939). Causal, O(n D^2), sequential. Parameters
/// layers.i.attention_norm.*, layers.i.gru.{input,hidden}.{weight [3 D, D], bias [3 D]}, gates in
/// the order reset, update, new.
class GruMixer final : public Mixer {
 public:
  GruMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  /// Always runs over all tokens: the last state depends on every earlier one.
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;

 private:
  ops::NormVariables norm_;
  Linear input_;
  Linear hidden_;
};

}  // namespace elastic
