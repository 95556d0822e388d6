// The shared parts of all models around their layers: tables, norms and the check of a batch.
#pragma once

#include <optional>

#include "data/batch.h"
#include "model/direction.h"
#include "model/item_vectors.h"
#include "model/layers.h"
#include "model/model_config.h"
#include "model/pass.h"
#include "model/scored_items.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// The final norm's weight starts at 1, or with cosine logits at logit_scale / D.
///
/// Parameters item_embedding.weight [V + 1, D], those of ItemVectors, position_embedding.weight [N,
/// D] (unless `position` is none), with Times::kInput gap_embedding.weight [33, D] (with
/// `time_features`: a row for each bucket of data::time_bucket, and one for the first event of a
/// history), next_gap_embedding.weight [32, D] (with `time_features` asked), input_norm.*,
/// final_norm.*.
class Trunk {
 public:
  /// The place where a model reads the times of its tokens.
  enum class Times { kInput, kMixers };
  /// Resolves `position` auto: recent for bidirectional models, forward for causal ones. Only
  /// windowed models have a memory_len.
  Trunk(const ModelConfig& config,
        Direction direction,
        ParameterStore& store,
        Times times = Times::kInput);

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const Variable& item_table() const { return item_table_; }

  /// Throws ShapeError unless every sequence has 1 to history_len() events, and the batch has the
  /// times that the model reads.
  void check(const data::Batch& batch) const;
  /// The rows of a pass's item embeddings: those of `mode`, or the item table with the item
  /// vectors.
  [[nodiscard]] Variable items(const ForwardMode& mode);
  /// The rows that states are scored against.
  [[nodiscard]] ScoredItems& scored() { return scored_; }
  /// Whether items(mode) has the table's rows unchanged.
  [[nodiscard]] bool reads_item_rows() const { return !vectors_.has_value(); }
  /// Whether fixed weights save anything.
  [[nodiscard]] bool caches() const { return vectors_.has_value() || scored_.caches(); }
  /// As WeightCache.
  void set_weights_fixed(bool fixed);
  /// Dropout(LN_input(items[row] + position + gaps)), [T, D]. `items` has the rows of items(mode).
  [[nodiscard]] Variable embed(const Variable& items,
                               const data::Batch& batch,
                               const ForwardMode& mode) const;
  /// LN_final(x).
  [[nodiscard]] Variable finish(const Variable& x) const;
  /// The dropout of a place in the model: 0 is the input, layer i has 2 i + 1 and 2 i + 2.
  [[nodiscard]] Dropout dropout(const ForwardMode& mode, std::size_t place) const;

 private:
  // items[row] + position + gaps, with time features.
  [[nodiscard]] Variable timed_sum(const Variable& items,
                                   const Tensor& rows,
                                   const data::Batch& batch) const;
  // Rows of the position table for a batch's tokens, [T]; undefined without positions. Tokens
  // before the latest max_len share the row of the oldest of those.
  [[nodiscard]] Tensor positions(const Segments& segments) const;

  ModelConfig config_;
  Variable item_table_;
  std::optional<ItemVectors> vectors_;
  Variable position_table_;
  Variable gap_table_;       // undefined without time features
  Variable next_gap_table_;  // undefined unless the model reads the time of the asked event
  ops::NormVariables input_norm_;
  ops::NormVariables final_norm_;
  ScoredItems scored_;
};

}  // namespace elastic
