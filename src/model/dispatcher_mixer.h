// Linear Dispatcher Attention (Deng et al., arXiv 2408.09380): k interest experts gather from the n
// tokens, and the tokens read from the experts, O(n k).
#pragma once

#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// With z = LN_attention(x) and P the experts carried from layer to layer (expert_start carried) or
/// the retrieved ones in every layer (expert_start retrieved, an ablation):
///   A  = attention_aggregate( LN_no_parameters(P), z )   softmax over the n tokens
///   P' = LN_expert( P + A )                              [choice: residual and norms,
///   docs/models.md] mixer = attention_dispatch( z, P' )                  softmax over the k
///   experts
/// Parameters layers.i.attention_norm.*, layers.i.{aggregate,dispatch}.{query,key,value,output}.*,
/// layers.i.expert_norm.*.
///
/// The token side uses the cheaper of two equivalent forms: absorbed projections, 4 n H k D
/// multiply-adds, or plain ones, 4 n D^2 + 4 n k D.
class DispatcherMixer final : public Mixer {
 public:
  enum class Form { kCheaper, kAbsorbed, kPlain };

  DispatcherMixer(ParameterStore& store,
                  const std::string& layer,
                  const ModelConfig& config,
                  Form form = Form::kCheaper);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;

  /// P', from the experts P of `state` and the tokens x of `segments`; A = 0 for an empty segment.
  /// Replaces P in the state by P' for the next layer if experts are carried.
  [[nodiscard]] Variable gather(const Variable& x,
                                const Segments& segments,
                                ExpertState& state) const;
  /// x + Dropout(attention_dispatch(LN(x), experts)) for the tokens of `segments`; `gates` [B, k,
  /// D], unless undefined, are factors of the experts whose values are read.
  [[nodiscard]] Variable dispatch(const Variable& x,
                                  const Variable& experts,
                                  const Variable& gates,
                                  const Segments& segments,
                                  const Dropout& dropout) const;
  /// LN_attention.
  [[nodiscard]] const ops::NormVariables& norm() const { return norm_; }

 private:
  // P + A
  [[nodiscard]] Variable add_gathered(const Variable& gathered,
                                      const Segments& segments,
                                      const Variable& experts) const;
  [[nodiscard]] Variable aggregate_absorbed(const Variable& x,
                                            const Variable& query,
                                            const Segments& segments) const;
  [[nodiscard]] Variable aggregate_plain(const Variable& x,
                                         const Variable& query,
                                         const Segments& segments) const;

  std::int64_t num_heads_;
  std::int64_t num_experts_;
  bool absorbed_;
  bool carries_experts_;
  ops::NormVariables norm_;
  AttentionWeights aggregate_;
  ops::NormVariables expert_norm_;
  AttentionWeights dispatch_;
};

}  // namespace elastic
