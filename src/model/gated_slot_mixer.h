// The mixer of gsa: gated slot attention, linear in time and memory, with a state of fixed size for
// streams.
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// Gated slot attention (Zhang et al., arXiv 2409.07146). Causal, O(n k). Slot keys and values
/// decay by a_t = sigmoid(forget(x_t))^(1 / temperature) and add (1 - a_t) times the token's:
///   o_t = softmax( slot_keys query_t / sqrt(Dh) )^T slot_values
/// Parameters layers.i.attention.{query, key, value, output, forget}.*.
class GatedSlotMixer final : public Mixer, private StreamingMixer {
 public:
  GatedSlotMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;
  [[nodiscard]] const StreamingMixer* streaming() const override { return this; }

 private:
  // Slot keys and values [B, H, 2 k, Dh].
  [[nodiscard]] std::vector<Tensor> new_stream(std::int64_t users) const override;
  Variable advance(const Variable& x, MixerState& state, std::span<Tensor> stream) const override;
  // The attention's result before the output projection, [T, D]. `slots` are a stream's, or
  // undefined.
  [[nodiscard]] Variable attend(const Variable& x,
                                const Segments& segments,
                                const Tensor& slots) const;

  std::int64_t num_heads_;
  std::int64_t num_slots_;
  double temperature_;
  ops::NormVariables norm_;
  AttentionWeights weights_;
  Linear forget_;
};

}  // namespace elastic
