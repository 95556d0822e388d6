// What only some models can do: interfaces that Model hands out where a model has them.
#pragma once

#include <cstdint>
#include <vector>

#include "data/batch.h"
#include "model/pass.h"

namespace elastic {

/// Supervision of several targets a pass by a window: models with Direction::kWindowed.
class WindowTargets {
 public:
  virtual ~WindowTargets() = default;
  /// States of each sequence's latest min(window, n) tokens, one sequence after the other: the same
  /// numbers as Model::encode's, for less work.
  virtual Pass encode_window(const data::Batch& batch, const ForwardMode& mode) = 0;
};

/// What the past of B users amounts to in a model that reads it event by event: tensors whose first
/// dimension is B, of a fixed size whatever the length of the past.
using StreamStates = std::vector<Tensor>;

/// Reads histories event by event.
class Streaming {
 public:
  virtual ~Streaming() = default;
  /// Of `users` without a past. Throws UsageError if the model has positions: a stream has no end
  /// to count them from.
  [[nodiscard]] virtual StreamStates new_streams(std::int64_t users) const = 0;
  /// Reads each user's next events (at least one, any number) and updates their states in place:
  /// returns the states [T, D] that Model::encode would give these events after all those before
  /// them. Not for training.
  virtual Variable advance(const data::Batch& events, StreamStates& states) = 0;
};

/// How interest experts read their sequences, for diagnostics.
struct ExpertAttention {
  RetrievedExperts retrieved;  ///< empty tensors where all sequences share the experts
  /// For sequence b [k, n_b]: the attention of each expert over the sequence's first n_b tokens,
  /// those that the experts gather from; the mean over heads and layers. Rows add up to 1.
  std::vector<std::vector<float>> weights;
};

/// Explains what interest experts attend to.
class Explaining {
 public:
  virtual ~Explaining() = default;
  /// Reads the batch in a pass of its own, with plain ops on the host: O(k n) memory a sequence.
  virtual ExpertAttention explain(const data::Batch& batch) = 0;
};

/// Makes something of its weights alone (LISA's quantised items), which is kept while the weights
/// are fixed instead of made in every pass.
class WeightCache {
 public:
  virtual ~WeightCache() = default;
  /// Between `true` and `false` no weight changes, and nothing is differentiated. See FixedWeights.
  virtual void set_weights_fixed(bool fixed) = 0;
};

}  // namespace elastic
