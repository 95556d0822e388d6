// Where a user's first experts come from: Interest Memory Retrieval.
#pragma once

#include "model/expert_source.h"
#include "model/layers.h"
#include "model/model_config.h"
#include "model/query_centre.h"
#include "model/query_network.h"
#include "tensor/segments.h"

namespace elastic {

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
