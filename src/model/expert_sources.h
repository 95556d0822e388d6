// Where a user's first experts come from: Interest Memory Retrieval, or a learned set for all
// (LDA).
#pragma once

#include "model/layers.h"
#include "model/mixer.h"

namespace elastic {

/// P^0 = a learned `experts` [k, D], the same for all users: the ablation without retrieval.
class SharedExperts final : public StateSource {
 public:
  SharedExperts(ParameterStore& store, const ModelConfig& config);
  Variable initial_experts(const Variable& x, const Segments& segments) override;

 private:
  Variable experts_;
};

/// Interest Memory Retrieval (arXiv 2408.09380): a hierarchical query network turns a sequence into
/// one query per head, product keys pick the user's k experts out of S * S.
///
/// Level j groups its tokens by r from the end, pools each group linearly, and where
/// 1 < N_j <= query_attention_len adds softmax attention among the groups; N_0 = ceil(N / r),
/// N_{j+1} = ceil(N_j / r), until 1. The levels follow from N, so every sequence runs through all;
/// one without tokens as if it had one zero vector.
/// Parameters imr.query.levels.j.{pool, attention_norm, attention}.*, imr.query.project.*,
/// imr.query.norm.*, imr.subkeys [M, 2, S, Dk/2], imr.memory [S * S, D].
class InterestMemory final : public StateSource {
 public:
  /// For histories of up to `max_len` events.
  InterestMemory(ParameterStore& store, const ModelConfig& config, std::int64_t max_len);
  InterestMemory(ParameterStore& store, const ModelConfig& config)
      : InterestMemory(store, config, config.max_len) {}
  Variable initial_experts(const Variable& x, const Segments& segments) override;
  [[nodiscard]] RetrievedExperts retrieved() const override { return retrieved_; }

 private:
  struct Level {
    Linear pool;
    bool attends = false;
    ops::NormVariables norm;
    AttentionWeights attention;
  };
  // One vector per sequence, [B, D].
  [[nodiscard]] Variable summarise(Variable x, Segments segments) const;

  ModelConfig config_;
  std::vector<Level> levels_;
  Linear project_;
  ops::NormVariables query_norm_;
  Variable subkeys_;
  Variable memory_;
  RetrievedExperts retrieved_;
};

}  // namespace elastic
