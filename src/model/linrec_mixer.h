// LinRec: Liu et al., SIGIR 2023, arXiv 2411.01537.
#pragma once

#include "model/attention_mixer.h"
#include "tensor/segments.h"

namespace elastic {

/// Bidirectional, O(n Dh D). Per head, with u(x) = elu(x) / |elu(x)| over the head's features:
///   mixer_t = u(q_t) ( sum_s u(k_s)^T v_s ) / sqrt(Dh).
class LinRecMixer final : public AttentionMixer {
 public:
  using AttentionMixer::AttentionMixer;

 private:
  [[nodiscard]] Variable attend(const Variable& from,
                                const Segments& queries,
                                const Variable& z,
                                const Segments& keys) const override;
  // u of every head's features, x [T, D].
  [[nodiscard]] Variable unit_features(const Variable& x) const;
};

}  // namespace elastic
