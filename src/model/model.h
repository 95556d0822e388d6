// The interface of a sequential recommender.
#pragma once

#include "data/batch.h"
#include "model/direction.h"
#include "model/model_config.h"
#include "model/parameter.h"
#include "model/pass.h"

namespace elastic {

class Explaining;
class Streaming;
class WeightCache;
class WindowTargets;

class Model {
 public:
  virtual ~Model() = default;

  [[nodiscard]] virtual const ModelConfig& config() const = 0;
  [[nodiscard]] virtual Direction direction() const = 0;
  /// Trained tensors and buffers in a fixed order.
  [[nodiscard]] virtual const ParameterStore& parameters() const = 0;
  /// Learned item table [V + 1, D], without item vectors; row 0 is "no item".
  [[nodiscard]] virtual const Variable& item_table() const = 0;
  /// The values of Pass::scored_items without a pass, [V + 1, D], from the current weights.
  /// Computed by each call, or once while weights are fixed.
  [[nodiscard]] virtual Tensor scored_items() = 0;

  /// States of all tokens, [T, D].
  virtual Pass encode(const data::Batch& batch, const ForwardMode& mode) = 0;
  /// States of each sequence's last token, [B, D]: equal to encode's, for less work.
  virtual Pass encode_last(const data::Batch& batch, const ForwardMode& mode) = 0;

  // Abilities (model/abilities.h): null or false if the model lacks one.
  [[nodiscard]] virtual WindowTargets* window_targets() { return nullptr; }
  [[nodiscard]] virtual Streaming* streaming() { return nullptr; }
  [[nodiscard]] virtual Explaining* explaining() { return nullptr; }
  [[nodiscard]] virtual WeightCache* weight_cache() { return nullptr; }
  /// Whether a pass reads only its tokens' rows of the item table, unchanged. The pass then accepts
  /// those rows alone (ForwardMode::items), and scores them.
  [[nodiscard]] virtual bool reads_item_rows() const { return false; }
  /// Whether training steps can be recorded (train::RecordedSteps).
  [[nodiscard]] virtual bool recordable() const { return false; }
};

}  // namespace elastic
