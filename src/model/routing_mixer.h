// Attention within clusters of tokens: the Routing Transformer's mixer.
#pragma once

#include "model/direction.h"
#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// Roy et al., arXiv 2003.05997, causal or bidirectional: C clusters per head, whose centroids are
/// unit vectors; a token's affinity to a centroid is (its query's direction + its key's) .
/// centroid. C = num_clusters, or ceil(sqrt(max_len)); fixed, so that later tokens do not change an
/// earlier token's cluster.
///
/// Causal: a token belongs to its nearest centroid and attends to the ceil(max_len / C) latest
/// earlier members and itself. Bidirectional: each centroid takes the ceil(n / C) nearest of a
/// sequence's n tokens, which attend to each other; a token's result is the mean over its clusters,
/// or zero without any. O(n sqrt(n)) time, memory linear in n.
///
/// The assignment has no gradient. Every training forward moves the centroids towards the mean
/// direction of their members; other passes do not change them.
///
/// Parameters layers.i.attention_norm.*, layers.i.attention.{query,key,value,output}.*; buffer
/// layers.i.attention.centroids [H, C, Dh].
class RoutingMixer : public Mixer {
 public:
  /// The weight of the old centroid in a training step's moving average.
  static constexpr double kDecay = 0.999;

  RoutingMixer(ParameterStore& store,
               const std::string& layer,
               const ModelConfig& config,
               Direction direction = Direction::kCausal,
               double decay = kDecay);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;
  /// Clusters are planned on the host, and padding sequences would move centroids.
  [[nodiscard]] bool recordable() const override { return false; }

 private:
  // Rows [T H, Dh] of all tokens' heads.
  struct Rows {
    Variable query;
    Variable key;
    Variable value;
    Tensor directions;  ///< query's + key's
  };
  // The rows in clusters that overlap.
  struct Members {
    Segments lists;
    Tensor rows;
    Tensor owners;  ///< centroids
  };

  [[nodiscard]] Rows project(const Variable& z) const;
  [[nodiscard]] Tensor nearest(const Rows& rows, bool training) const;
  [[nodiscard]] Members members(const Rows& rows, const MixerState& state) const;
  // Rows [T H, Dh] of the results, or [B H, Dh] of the last tokens'.
  [[nodiscard]] Variable attend(const Rows& rows, const MixerState& state, bool last_only) const;
  [[nodiscard]] Variable attend_last(const Rows& rows, const MixerState& state) const;
  [[nodiscard]] Variable attend_causal(const Rows& rows, const MixerState& state) const;
  [[nodiscard]] Variable attend_both_ways(const Rows& rows, const MixerState& state) const;
  // An exponential moving average; `directions` [R, Dh] are those of members of `owners` [R].
  void move_centroids(const Tensor& directions, const Tensor& owners) const;

  ops::NormVariables norm_;
  AttentionWeights weights_;
  Direction direction_;
  double decay_;
  std::int64_t num_heads_;
  std::int64_t num_clusters_;  ///< of a head
  std::int64_t window_;        ///< causal
  Variable centroids_;
};

class BidirectionalRoutingMixer final : public RoutingMixer {
 public:
  BidirectionalRoutingMixer(ParameterStore& store,
                            const std::string& layer,
                            const ModelConfig& config)
      : RoutingMixer(store, layer, config, Direction::kBidirectional) {}
};

}  // namespace elastic
