// The shared attention sublayer of bidirectional mixers, which differ in how queries read keys.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// x + Dropout(output(attend(z, z))) with z = LN_attention(x); with their queries only if `queries`
/// are the last tokens. Parameters layers.i.attention_norm.* and
/// layers.i.attention.{query,key,value,output}.*.
class AttentionMixer : public Mixer {
 public:
  AttentionMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const final;

 protected:
  /// The attention of the tokens `from` [Tq, D] of `queries` to the tokens z [Tk, D] of `keys`,
  /// heads concatenated, [Tq, D]. Both inputs are normalised.
  [[nodiscard]] virtual Variable attend(const Variable& from,
                                        const Segments& queries,
                                        const Variable& z,
                                        const Segments& keys) const = 0;

  [[nodiscard]] const AttentionWeights& weights() const { return weights_; }
  [[nodiscard]] std::int64_t num_heads() const { return num_heads_; }

 private:
  std::int64_t num_heads_;
  ops::NormVariables norm_;
  AttentionWeights weights_;
};

}  // namespace elastic
