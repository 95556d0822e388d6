// The attention sublayer that bidirectional mixers share: what differs is how queries read keys.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// x + Dropout(output(attend(z, z))) with z = LN_attention(x); for the last tokens alone the same
/// with their queries only. Parameters layers.i.attention_norm.* and
/// layers.i.attention.{query,key,value,output}.*.
class AttentionMixer : public Mixer {
 public:
  AttentionMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const final;

 protected:
  /// What the tokens `from` [Tq, D] of `queries` read in the tokens z [Tk, D] of `keys`, heads
  /// concatenated, [Tq, D]. Both are normalised.
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
