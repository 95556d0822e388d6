// Causal softmax attention: SASRec's mixer.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// Stores the map, [B, H, n, n] per layer, as most tools do. Parameters layers.i.attention_norm.*
/// and layers.i.attention.{query,key,value,output}.*.
class SoftmaxMixer : public Mixer {
 public:
  enum class Form { kStoredMap, kTiled };

  SoftmaxMixer(ParameterStore& store,
               const std::string& layer,
               const ModelConfig& config,
               Form form = Form::kStoredMap);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;

 private:
  ops::NormVariables norm_;
  AttentionWeights weights_;
  std::int64_t num_heads_;
  Form form_;
};

/// The same results by tiles, without a stored map: the fair baseline of linear attention.
class TiledSoftmaxMixer final : public SoftmaxMixer {
 public:
  TiledSoftmaxMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config)
      : SoftmaxMixer(store, layer, config, Form::kTiled) {}
};

}  // namespace elastic
