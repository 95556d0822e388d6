// Interest Memory Retrieval: the source of a user's first experts.
#pragma once

#include "model/expert_source.h"
#include "model/layers.h"
#include "model/model_config.h"
#include "model/query_centre.h"
#include "model/query_network.h"
#include "model/subkey_balance.h"
#include "tensor/segments.h"

namespace elastic {

/// Interest Memory Retrieval (arXiv 2408.09380): a query network turns a sequence into one query
/// per head, product keys pick the user's k experts out of S * S.
///
/// Parameters imr.query.levels.*, imr.query.project.*, imr.query.norm.*, imr.subkeys [M, 2, S,
/// Dk/2], imr.memory [S * S, D]; with retrieval random, the memory only. query_norm centred
/// subtracts the queries' running mean: buffer imr.query.mean [1, M Dk]. expert_balance spreads the
/// choice by biases of the sub-keys: buffer imr.subkey_bias [M, 2, S]. expert_gate values leaves
/// the experts unscaled and returns the gates instead.
///
/// Ablations: retrieval random draws k / M distinct experts per head, seeded by a hash of the
/// sequence's items, without a gate; expert_gate none uses the retrieved experts without a gate, so
/// that query network and sub-keys receive no gradient and keep their initial values.
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
  // Queries [B, M, Dk].
  [[nodiscard]] Variable query(const Variable& x, const Segments& segments, bool training) const;
  // The experts chosen by product keys, gated as the config says.
  [[nodiscard]] InitialExperts retrieve(const Variable& x,
                                        const Segments& segments,
                                        bool training) const;
  // Indices [B, k] of the experts that `retrieve` returns.
  [[nodiscard]] Tensor choose(const Variable& x, const Segments& segments, bool training) const;
  // Rows of the memory [B, k] without a gate.
  [[nodiscard]] InitialExperts take(const Tensor& indices) const;
  // The same, with gates [B, k] of what tokens read from them.
  [[nodiscard]] InitialExperts take(const Tensor& indices, const Variable& gates) const;
  // Random indices [B, k], a function of each sequence's items.
  [[nodiscard]] Tensor draw(const Segments& segments, const Tensor& ids) const;

  ModelConfig config_;
  QueryNetwork query_network_;
  Linear project_;
  ops::NormVariables query_norm_;
  QueryCentre query_centre_;
  SubkeyBalance balance_;
  Variable subkeys_;
  Variable memory_;
};

}  // namespace elastic
