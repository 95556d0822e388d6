// A sequential recommender: the trunk that every model shares, and the interface to use one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "data/batch.h"
#include "model/model_config.h"
#include "model/parameter.h"

namespace elastic {

/// Some rows of the item table, in place of the whole: those that a pass reads.
struct ItemRows {
  Variable table;  ///< [R, D], row 0 still "no item"; undefined: the whole item table is read
  Tensor tokens;   ///< [T] int32: the rows of the batch's tokens
};

/// How one forward pass runs: dropout is on only while training.
struct ForwardMode {
  bool training = false;
  std::uint64_t seed = 0;  ///< of the dropout masks
  std::uint32_t step = 0;  ///< training step, so that every step has masks of its own
  ItemRows items{};        ///< only of models that `reads_item_rows`
};

/// Whether a state may depend on later events: never; always; or among the events before the latest
/// `window` ones only, which see those all and each other causally.
enum class Direction { kCausal, kBidirectional, kWindowed };
const char* name_of(Direction direction);

/// The experts that Interest Memory Retrieval chose, for diagnostics and --explain.
struct RetrievedExperts {
  Tensor indices;  ///< [B, k] int32, ids in the pool
  Tensor gates;    ///< [B, k]
};

/// How interest experts read their sequences, for diagnostics.
struct ExpertAttention {
  RetrievedExperts retrieved;  ///< empty tensors where all sequences share the experts
  /// For sequence b [k, n_b]: the attention of each expert over the sequence's first n_b tokens,
  /// those that the experts gather from; the mean over heads and layers. Rows add up to 1.
  std::vector<std::vector<float>> weights;
};

/// What the past of B users comes to in a model that reads it event by event: tensors whose first
/// dimension is B, of a fixed size whatever the length of the past.
using StreamStates = std::vector<Tensor>;

class Model {
 public:
  virtual ~Model() = default;

  [[nodiscard]] virtual const ModelConfig& config() const = 0;
  [[nodiscard]] virtual Direction direction() const = 0;
  /// Trained tensors and buffers in a fixed order.
  [[nodiscard]] virtual const ParameterStore& parameters() const = 0;
  /// Trained item table [V + 1, D]; row 0 is "no item".
  [[nodiscard]] virtual const Variable& item_table() const = 0;

  /// States of all tokens after the final norm, [T, D].
  virtual Variable encode(const data::Batch& batch, const ForwardMode& mode) = 0;
  /// States of each sequence's last token, [B, D]: the same numbers as encode's, for less work.
  virtual Variable encode_last(const data::Batch& batch, const ForwardMode& mode) = 0;

  /// States of each sequence's latest min(window, n) tokens, one sequence after the other: the same
  /// numbers as encode's, for less work. Of models with Direction::kWindowed; others throw
  /// UsageError.
  virtual Variable encode_window(const data::Batch& batch, const ForwardMode& mode);

  /// Of `users` without a past. Throws UsageError for a model that cannot read a stream: one whose
  /// mixer keeps no state, or one with positions.
  [[nodiscard]] virtual StreamStates new_streams(std::int64_t users) const;
  /// Reads each user's next events (at least one, any number) and takes their states on: the states
  /// [T, D] that encode would give these events after all those before them. Not for training.
  virtual Variable advance(const data::Batch& events, StreamStates& states);

  /// The table [V + 1, D] that states of the latest pass are scored against: the item table, or
  /// what that pass made of it (LISA), as part of its graph. Row 0 is no item's. To be called once
  /// after each pass whose states are scored, since a model keeps nothing of a pass; with fixed
  /// weights whenever it is needed.
  virtual Variable take_scored_items() { return item_table(); }

  /// Whether a pass needs no other items than its tokens', each as it stands in the table: it can
  /// then be given those rows alone (ForwardMode::items), and scores them.
  [[nodiscard]] virtual bool reads_item_rows() const { return true; }

  /// Between `true` and `false` no weight changes, and nothing is differentiated: what follows from
  /// the weights alone is computed once. See FixedWeights.
  virtual void set_weights_fixed(bool /*fixed*/) {}

  /// Experts retrieved by the latest encode or encode_last; empty tensors for models without IMR.
  [[nodiscard]] virtual RetrievedExperts retrieved() const { return {}; }
  /// Reads the batch once more and tells what its experts attend to, with plain ops on the host:
  /// O(k n) memory a sequence. Of models_with_experts(); others throw UsageError.
  virtual ExpertAttention explain(const data::Batch& batch);
  /// Whether training steps can be recorded (train::RecordedSteps).
  [[nodiscard]] virtual bool recordable() const { return true; }
};

/// While one lives, a model's weights stay as they are and passes record nothing (NoGrad):
/// evaluation and serving. LISA then quantises its items once, not for each batch.
class FixedWeights {
 public:
  explicit FixedWeights(Model& model) : model_(model) { model_.set_weights_fixed(true); }
  ~FixedWeights() { model_.set_weights_fixed(false); }
  FixedWeights(const FixedWeights&) = delete;
  FixedWeights& operator=(const FixedWeights&) = delete;

 private:
  NoGrad no_grad_;
  Model& model_;
};

/// Names of all models.
std::vector<std::string> model_names();
bool is_registered(const std::string& model);
/// Names of the models that gather a history into interest experts.
std::vector<std::string> models_with_experts();
/// Throws UsageError for an unknown name (suggesting the nearest).
Direction direction_of(const std::string& model);
/// A new model with fresh weights. `config.num_items` must be set. Throws UsageError for an unknown
/// name (suggesting the nearest) or an option out of range.
std::unique_ptr<Model> make_model(const ModelConfig& config,
                                  std::uint64_t seed,
                                  DType dtype = DType::kFloat32,
                                  Device device = Device::kCpu);

}  // namespace elastic
