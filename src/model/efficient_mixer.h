// Efficient attention: Shen et al., arXiv 1812.01243.
#pragma once

#include "model/attention_mixer.h"
#include "tensor/segments.h"

namespace elastic {

/// Bidirectional, O(n Dh D). Per head, with q, k, v the head's features of query, key and value:
///   mixer_t = softmax over features(q_t) ( sum_s softmax over tokens(k)_s^T v_s ), no scale.
class EfficientMixer final : public AttentionMixer {
 public:
  using AttentionMixer::AttentionMixer;

 private:
  [[nodiscard]] Variable attend(const Variable& from,
                                const Segments& queries,
                                const Variable& z,
                                const Segments& keys) const override;
};

}  // namespace elastic
