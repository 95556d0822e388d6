// The trunk that every model shares; the mixers make the difference.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "model/item_quantiser.h"
#include "model/layers.h"
#include "model/mixer.h"
#include "model/model.h"
#include "model/trunk.h"

namespace elastic {

/// x = Dropout(LN_input(item + position)); per layer x = mixer sublayer(x), x = FFN sublayer(x),
/// pre-LN; h = LN_final(x).
class SequenceModel final : public Model {
 public:
  /// Makes the mixer of the layer whose parameters start with `prefix` ("layers.0").
  using MakeMixer = std::function<std::unique_ptr<Mixer>(
      ParameterStore& store, const std::string& prefix, const ModelConfig& config)>;
  using MakeSource =
      std::function<std::unique_ptr<StateSource>(ParameterStore& store, const ModelConfig& config)>;
  using MakeItems =
      std::function<std::unique_ptr<LisaItems>(ParameterStore& store, const ModelConfig& config)>;
  /// What the registry knows of a model.
  struct Kind {
    Direction direction = Direction::kCausal;
    MakeMixer make_mixer;
    MakeSource make_source;  ///< empty for models without experts
    MakeItems make_items{};  ///< empty for models that read the item table as it is
  };

  SequenceModel(
      const ModelConfig& config, const Kind& kind, std::uint64_t seed, DType dtype, Device device);

  [[nodiscard]] const ModelConfig& config() const override { return trunk_.config(); }
  [[nodiscard]] Direction direction() const override { return direction_; }
  [[nodiscard]] const ParameterStore& parameters() const override { return store_; }
  [[nodiscard]] const Variable& item_table() const override { return trunk_.item_table(); }
  Variable take_scored_items() override;
  [[nodiscard]] bool reads_item_rows() const override { return items_ == nullptr; }
  void set_weights_fixed(bool fixed) override;
  Variable encode(const data::Batch& batch, const ForwardMode& mode) override;
  Variable encode_last(const data::Batch& batch, const ForwardMode& mode) override;
  [[nodiscard]] StreamStates new_streams(std::int64_t users) const override;
  Variable advance(const data::Batch& events, StreamStates& states) override;
  [[nodiscard]] RetrievedExperts retrieved() const override;
  [[nodiscard]] bool recordable() const override;

 private:
  struct Layer {
    std::unique_ptr<Mixer> mixer;
    ops::FfnVariables ffn;
  };
  // The items of a pass: of this one, or with fixed weights of all.
  PassItems pass_items();
  // All layers; with `last_only` the last one computes each sequence's last token, [B, D].
  // `streams` is taken on where it is not null.
  Variable run(const data::Batch& batch,
               const ForwardMode& mode,
               bool last_only,
               StreamStates* streams = nullptr);

  Direction direction_;
  ParameterStore store_;
  Trunk trunk_;
  std::unique_ptr<StateSource> source_;
  std::vector<Layer> layers_;
  std::unique_ptr<LisaItems> items_;
  Variable scored_;  ///< of the latest pass, until it is taken
  bool fixed_ = false;
  PassItems fixed_items_;  ///< while weights are fixed; undefined before the first pass
};

}  // namespace elastic
