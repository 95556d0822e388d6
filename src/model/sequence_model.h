// A model of the shared trunk and the mixers of its layers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "model/abilities.h"
#include "model/expert_source.h"
#include "model/feed_forward.h"
#include "model/item_quantiser.h"
#include "model/mixer.h"
#include "model/model.h"
#include "model/residual_gate.h"
#include "model/trunk.h"

namespace elastic {

/// x = Dropout(LN_input(item + position)); per layer x = mixer sublayer(x), x = FFN sublayer(x),
/// pre-LN, unless the mixer is the whole layer; h = LN_final(x). Parameters
/// layers.i.attention_gate.* if `block` is gated.
class SequenceModel final : public Model,
                            private Streaming,
                            private Explaining,
                            private WeightCache {
 public:
  /// Makes the mixer of the layer whose parameters start with `prefix` ("layers.0").
  using MakeMixer = std::function<std::unique_ptr<Mixer>(
      ParameterStore& store, const std::string& prefix, const ModelConfig& config)>;
  using MakeSource = std::function<std::unique_ptr<ExpertSource>(ParameterStore& store,
                                                                 const ModelConfig& config)>;
  using MakeItems =
      std::function<std::unique_ptr<LisaItems>(ParameterStore& store, const ModelConfig& config)>;
  /// The second sublayer: as --ffn says, SwiGLU, or none because the mixer is the whole layer.
  enum class Ffn { kChosen, kSwiglu, kNone };
  /// A model's entry in the registry.
  struct Kind {
    Direction direction = Direction::kCausal;
    MakeMixer make_mixer;
    MakeSource make_source;  ///< empty for models without experts
    MakeItems make_items{};  ///< empty for models that read the item table directly
    Ffn ffn = Ffn::kChosen;
    Trunk::Times times = Trunk::Times::kInput;
  };

  /// Adds its parameters to `store`, which is empty.
  SequenceModel(const ModelConfig& config, const Kind& kind, ParameterStore store);

  [[nodiscard]] const ModelConfig& config() const override { return trunk_.config(); }
  [[nodiscard]] Direction direction() const override { return direction_; }
  [[nodiscard]] const ParameterStore& parameters() const override { return store_; }
  [[nodiscard]] const Variable& item_table() const override { return trunk_.item_table(); }
  [[nodiscard]] Tensor scored_items() override;
  Pass encode(const data::Batch& batch, const ForwardMode& mode) override;
  Pass encode_last(const data::Batch& batch, const ForwardMode& mode) override;
  [[nodiscard]] Streaming* streaming() override;
  [[nodiscard]] Explaining* explaining() override { return source_ == nullptr ? nullptr : this; }
  [[nodiscard]] WeightCache* weight_cache() override;
  [[nodiscard]] bool reads_item_rows() const override {
    return items_ == nullptr && trunk_.reads_item_rows();
  }
  [[nodiscard]] bool recordable() const override;

 private:
  [[nodiscard]] StreamStates new_streams(std::int64_t users) const override;
  Variable advance(const data::Batch& events, StreamStates& states) override;
  ExpertAttention explain(const data::Batch& batch) override;
  void set_weights_fixed(bool fixed) override;

  struct Layer {
    std::unique_ptr<Mixer> mixer;
    ResidualGate gate;
    std::optional<FeedForward> ffn;  ///< none if the mixer is the whole layer
    /// The layer's second sublayer.
    [[nodiscard]] Variable feed_forward(const Variable& x, const Dropout& dropout) const;
  };
  // The items of this pass, before and after --logits; with fixed weights, cached for all passes.
  PassItems pass_items(const ForwardMode& mode);
  PassItems quantised_items(const Variable& table);
  // All layers; with `last_only` the last layer computes each sequence's last token only, [B, D].
  // Fills `record` unless it is null.
  Pass run(const data::Batch& batch,
           const ForwardMode& mode,
           bool last_only,
           AttentionRecord* record = nullptr);

  Direction direction_;
  ParameterStore store_;
  Trunk trunk_;
  std::unique_ptr<ExpertSource> source_;
  std::vector<Layer> layers_;
  std::unique_ptr<LisaItems> items_;
  bool fixed_ = false;
  PassItems fixed_items_;  ///< while weights are fixed; undefined before the first pass
};

}  // namespace elastic
