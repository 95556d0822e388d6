// Where a user's first experts come from: Interest Memory Retrieval, or a learned set for all
// (LDA).
#pragma once

#include "model/expert_source.h"
#include "model/layers.h"
#include "model/model_config.h"
#include "model/query_centre.h"

namespace elastic {

/// P^0 = a learned `experts` [k, D], the same for all users: the ablation without retrieval.
class SharedExperts final : public ExpertSource {
 public:
  SharedExperts(ParameterStore& store, const ModelConfig& config);
  [[nodiscard]] InitialExperts initial_experts(const Variable& x,
                                               const Segments& segments,
                                               const Tensor& ids,
                                               bool training) const override;

 private:
  Variable experts_;
};

/// Turns a sequence into one vector: by levels of groups, or as the mean of its tokens.
///
/// Level j groups its tokens by r from the end, pools each group linearly, and where
/// 1 < N_j <= query_attention_len adds softmax attention among the groups; N_0 = ceil(N / r),
/// N_{j+1} = ceil(N_j / r), until 1. The levels follow from N, so every sequence runs through all;
/// one without tokens as if it had one zero vector.
/// Parameters imr.query.levels.j.{pool, attention_norm, attention}.*; none with query_network mean.
class QueryNetwork {
 public:
  QueryNetwork() = default;
  /// For histories of up to `max_len` events.
  QueryNetwork(ParameterStore& store, const ModelConfig& config, std::int64_t max_len);
  /// x [T, D] -> [B, D].
  [[nodiscard]] Variable summarise(Variable x, Segments segments) const;

 private:
  struct Level {
    Linear pool;
    bool attends = false;
    ops::NormVariables norm;
    AttentionWeights attention;
  };
  std::int64_t num_heads_ = 1;
  std::int32_t stride_ = 0;
  std::vector<Level> levels_;
};

/// Interest Memory Retrieval (arXiv 2408.09380): a query network turns a sequence into one query
/// per head, product keys pick the user's k experts out of S * S.
///
/// Parameters imr.query.levels.*, imr.query.project.*, imr.query.norm.*,
/// imr.subkeys [M, 2, S, Dk/2], imr.memory [S * S, D]; with retrieval random the memory only. With
/// query_norm centred the queries' running mean is taken out of them: buffer imr.query.mean [1, M
/// Dk].
///
/// Ablations: retrieval random takes any k / M different experts a head, drawn from a hash of the
/// sequence's items, as they are; expert_gate none takes the retrieved ones as they are, so that
/// query network and sub-keys receive no gradient and stay as they were initialised.
class InterestMemory final : public ExpertSource {
 public:
  /// For histories of up to `max_len` events.
  InterestMemory(ParameterStore& store, const ModelConfig& config, std::int64_t max_len);
  InterestMemory(ParameterStore& store, const ModelConfig& config)
      : InterestMemory(store, config, config.max_len) {}
  [[nodiscard]] InitialExperts initial_experts(const Variable& x,
                                               const Segments& segments,
                                               const Tensor& ids,
                                               bool training) const override;

 private:
  // By product keys, gated.
  [[nodiscard]] InitialExperts retrieve(const Variable& x,
                                        const Segments& segments,
                                        bool training) const;
  // Indices [B, k] of the experts that `retrieve` gives.
  [[nodiscard]] Tensor choose(const Variable& x, const Segments& segments, bool training) const;
  // Rows of the memory [B, k] without a gate.
  [[nodiscard]] InitialExperts take(const Tensor& indices) const;
  // [B, k], by the items of each sequence alone.
  [[nodiscard]] Tensor draw(const Segments& segments, const Tensor& ids) const;

  ModelConfig config_;
  QueryNetwork query_network_;
  Linear project_;
  ops::NormVariables query_norm_;
  QueryCentre query_centre_;
  Variable subkeys_;
  Variable memory_;
};

}  // namespace elastic
