// Linformer: Wang et al., arXiv 2006.04768.
#pragma once

#include "model/attention_mixer.h"
#include "tensor/segments.h"

namespace elastic {

/// Bidirectional, O(n k D). With z = LN_attention(x):
///   mixer = softmax attention of the queries z Wq^T to the k rows (key_projection z) Wk^T with
///   values (value_projection z) Wv^T, scale 1 / sqrt(Dh).
/// The tokens are projected first, so that the weights multiply k rows, not n. Parameters, besides
/// AttentionMixer's: layers.i.attention.{key_projection,value_projection} [k, N], column c for the
/// token c steps before the last one.
class LinformerMixer final : public AttentionMixer {
 public:
  LinformerMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);

 private:
  [[nodiscard]] Variable attend(const Variable& from,
                                const Segments& queries,
                                const Variable& z,
                                const Segments& keys) const override;

  Variable key_projection_;
  Variable value_projection_;
};

}  // namespace elastic
