// Abilities of some models: interfaces that Model returns if the model has them.
#pragma once

#include <cstdint>
#include <vector>

#include "data/batch.h"
#include "model/pass.h"

namespace elastic {

/// Several supervised targets per pass, the latest window of events: models with
/// Direction::kWindowed.
class WindowTargets {
 public:
  virtual ~WindowTargets() = default;
  /// States of each sequence's latest min(window, n) tokens, one sequence after the other: equal to
  /// Model::encode's, for less work.
  virtual Pass encode_window(const data::Batch& batch, const ForwardMode& mode) = 0;
};

/// The state of B users' histories in a model that reads event by event: tensors whose first
/// dimension is B, of a size that does not depend on the length of the histories.
using StreamStates = std::vector<Tensor>;

/// Reads histories event by event.
class Streaming {
 public:
  virtual ~Streaming() = default;
  /// The states of `users` new users. Throws UsageError if the model has position embeddings (a
  /// stream has no end from which to count positions) or reads the time of the event to predict.
  [[nodiscard]] virtual StreamStates new_streams(std::int64_t users) const = 0;
  /// Consumes each user's next events (one or more) and updates `states` in place. Returns the
  /// events' states [T, D], equal to Model::encode's on the whole history. Not for training.
  virtual Variable advance(const data::Batch& events, StreamStates& states) = 0;
};

/// The attention of interest experts to their sequences, for diagnostics.
struct ExpertAttention {
  RetrievedExperts retrieved;  ///< empty tensors if all sequences share the experts
  /// For sequence b [k, n_b]: the attention of each expert over the sequence's first n_b tokens,
  /// which the experts gather from, averaged over heads and layers. Rows add up to 1.
  std::vector<std::vector<float>> weights;
};

/// Explains the attention of interest experts.
class Explaining {
 public:
  virtual ~Explaining() = default;
  /// Runs a separate pass over the batch with plain ops on the host: O(k n) memory per sequence.
  virtual ExpertAttention explain(const data::Batch& batch) = 0;
};

/// A result computed from the weights alone (LISA's quantised items), cached while the weights are
/// fixed instead of computed in every pass.
class WeightCache {
 public:
  virtual ~WeightCache() = default;
  /// Between calls with `true` and `false`, weights must not change and passes must not be
  /// differentiated. See FixedWeights.
  virtual void set_weights_fixed(bool fixed) = 0;
};

}  // namespace elastic
