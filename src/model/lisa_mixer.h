// LISA (Wu et al., arXiv 2105.14068): causal attention to decayed histograms of codewords, linear
// in the length of a sequence.
#pragma once

#include "model/abilities.h"
#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"

namespace elastic {

/// Causal, O(n C W D) for a sequence. For each codebook c with its words [W, D]:
///   scores = (words query^T) (words key^T)^T / sqrt(D) [W, W]
///   hist_t = sum over j <= t of e^{-histogram_decay (t - j)} o_j     o_j: the item's weights [W]
///   alpha_{t,w} proportional to hist_{t,w} exp(scores[code_t, w])
///   mixed_t += alpha_t (words value^T)
/// and mixer = output(mixed). The token states x and heads are not used, so `attention_norm` learns
/// nothing. Parameters layers.i.attention.{query, key, value} [C, D, D],
/// layers.i.attention.output.{weight, bias}, layers.i.attention_norm.*.
///
/// The output layer is absorbed: it is applied to the C W values instead of the n mixed tokens, and
/// its bias is added to the values of one codebook, whose weights sum to one.
class LisaMixer final : public Mixer, private WeightCache {
 public:
  LisaMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;
  [[nodiscard]] WeightCache* weight_cache() override { return this; }

 private:
  void set_weights_fixed(bool fixed) override;

  struct Tables {
    Variable scores;  // [C, W, W]
    Variable values;  // [C, W, D], the output layer applied
  };
  [[nodiscard]] Tables make_tables(const std::vector<Variable>& codebooks) const;

  Variable query_;
  Variable key_;
  Variable value_;
  Linear output_;
  double decay_;
  bool fixed_ = false;
  mutable Tables fixed_tables_;  // while weights are fixed; undefined before the first pass
};

}  // namespace elastic
