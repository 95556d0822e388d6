// ELASTIC with a recent window: the prefix compressed by experts, the latest events exact.
#pragma once

#include <vector>

#include "model/dispatcher_mixer.h"
#include "model/expert_sources.h"
#include "model/model.h"
#include "model/trunk.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// `elastic-window`, this project's own model (docs/models.md): the experts gather from a
/// sequence's prefix; its latest min(window, n) events read those experts, and each other causally,
/// so that as many targets are supervised in one pass without leaking. O(n k + w^2). With z =
/// LN_attention(x):
///   A = attention_aggregate( LN_no_parameters(P), z_prefix ), 0 for an empty prefix
///   P' = LN_expert( P + A )
///   mixer(prefix) = attention_dispatch( z_prefix, P' )
///   mixer(window) = attention_dispatch( z_window, P' ) + attention_recent( z_window, z_window )
/// Retrieval sees the prefix only. Parameters layers.i.recent.{query, key, value, output}.* besides
/// ELASTIC's.
class WindowModel final : public Model {
 public:
  WindowModel(const ModelConfig& config, std::uint64_t seed, DType dtype, Device device);

  [[nodiscard]] const ModelConfig& config() const override { return trunk_.config(); }
  [[nodiscard]] Direction direction() const override { return Direction::kWindowed; }
  [[nodiscard]] const ParameterStore& parameters() const override { return store_; }
  [[nodiscard]] const Variable& item_table() const override { return trunk_.item_table(); }
  Variable encode(const data::Batch& batch, const ForwardMode& mode) override;
  Variable encode_last(const data::Batch& batch, const ForwardMode& mode) override;
  Variable encode_window(const data::Batch& batch, const ForwardMode& mode) override;
  [[nodiscard]] RetrievedExperts retrieved() const override { return memory_.retrieved(); }
  /// Of the prefixes: the latest events are not gathered.
  ExpertAttention explain(const data::Batch& batch) override;
  /// The host splits each batch.
  [[nodiscard]] bool recordable() const override { return false; }

 private:
  struct Layer {
    DispatcherMixer dispatcher;
    AttentionWeights recent;
    ops::FfnVariables ffn;
  };
  // Which tokens the last layer computes.
  enum class Wanted { kAll, kWindow, kLast };
  // `record` is filled where it is not null.
  Variable run(const data::Batch& batch,
               const ForwardMode& mode,
               Wanted wanted,
               AttentionRecord* record = nullptr);
  // The window's sublayer: of its tokens, or of each sequence's last one.
  [[nodiscard]] Variable mix_window(const Layer& layer,
                                    const Variable& x,
                                    const Variable& experts,
                                    const Segments& window,
                                    bool last_only,
                                    const Dropout& dropout) const;

  ParameterStore store_;
  Trunk trunk_;
  InterestMemory memory_;
  std::vector<Layer> layers_;
};

}  // namespace elastic
