// ELASTIC with a recent window: the prefix compressed by experts, the latest events exact.
#pragma once

#include <vector>

#include "model/abilities.h"
#include "model/dispatcher_mixer.h"
#include "model/feed_forward.h"
#include "model/interest_memory.h"
#include "model/model.h"
#include "model/residual_gate.h"
#include "model/trunk.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// `elastic-window`, this project's own model (docs/models.md): the experts gather from a
/// sequence's prefix; its latest min(window, n) events read those experts and, causally, each
/// other. One pass supervises as many targets without leakage. O(n k + w^2). With z =
/// LN_attention(x):
///   A = attention_aggregate( LN_no_parameters(P), z_prefix ), 0 for an empty prefix
///   P' = LN_expert( P + A )
///   mixer(prefix) = attention_dispatch( z_prefix, P' )
///   mixer(window) = attention_dispatch( z_window, P' ) + attention_recent( z_window, z_window )
/// Retrieval sees the prefix only. Parameters layers.i.recent.{query, key, value, output}.* besides
/// ELASTIC's.
///
/// With memory_len, a sequence may have more than max_len events. The older ones are part of the
/// prefix, for retrieval and for the experts of every layer, but pass no layer: they keep their
/// input embedding. O(n k).
class WindowModel final : public Model,
                          private WindowTargets,
                          private Explaining,
                          private WeightCache {
 public:
  /// Adds its parameters to `store`, which is empty.
  WindowModel(const ModelConfig& config, ParameterStore store);

  [[nodiscard]] const ModelConfig& config() const override { return trunk_.config(); }
  [[nodiscard]] Direction direction() const override { return Direction::kWindowed; }
  [[nodiscard]] const ParameterStore& parameters() const override { return store_; }
  [[nodiscard]] const Variable& item_table() const override { return trunk_.item_table(); }
  [[nodiscard]] Tensor scored_items() override;
  Pass encode(const data::Batch& batch, const ForwardMode& mode) override;
  Pass encode_last(const data::Batch& batch, const ForwardMode& mode) override;
  [[nodiscard]] WindowTargets* window_targets() override { return this; }
  /// Explains the prefixes only: experts do not gather from the window.
  [[nodiscard]] Explaining* explaining() override { return this; }
  [[nodiscard]] WeightCache* weight_cache() override { return trunk_.caches() ? this : nullptr; }
  [[nodiscard]] bool reads_item_rows() const override { return trunk_.reads_item_rows(); }
  /// Not recordable: the host splits each batch.
  [[nodiscard]] bool recordable() const override { return false; }

 private:
  Pass encode_window(const data::Batch& batch, const ForwardMode& mode) override;
  ExpertAttention explain(const data::Batch& batch) override;
  void set_weights_fixed(bool fixed) override { trunk_.set_weights_fixed(fixed); }

  struct Layer {
    DispatcherMixer dispatcher;
    AttentionWeights recent;
    ResidualGate gate;
    FeedForward ffn;
  };
  // The tokens that the last layer computes.
  enum class Wanted { kAll, kWindow, kLast };
  // Fills `record` unless it is null.
  Pass run(const data::Batch& batch,
           const ForwardMode& mode,
           Wanted wanted,
           AttentionRecord* record = nullptr);
  // The window's sublayer, for the queries among its tokens.
  [[nodiscard]] Variable mix_window(const Layer& layer,
                                    const Variable& x,
                                    const Variable& experts,
                                    const Variable& gates,
                                    const Segments& window,
                                    const Queries& queries,
                                    const Dropout& dropout) const;

  ParameterStore store_;
  Trunk trunk_;
  InterestMemory memory_;
  std::vector<Layer> layers_;
};

}  // namespace elastic
