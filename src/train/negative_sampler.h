// Draws the items that a step's targets are told from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/split.h"
#include "train/train_config.h"

namespace elastic::train {

/// Negatives are drawn once for all rows of a step, with repetition, from a distribution over items
/// 1..V: every item alike, or in proportion to how often it occurs in the training events (items
/// that never do are then never drawn). A function of the seed and the step alone.
class NegativeSampler {
 public:
  /// Draws `num_drawn` in each step.
  NegativeSampler(const data::Split& split, const TrainConfig& config, std::int64_t num_drawn);

  /// The step's items, ascending.
  [[nodiscard]] std::vector<std::int32_t> draw(std::int64_t step) const;

  /// log of the number of times that a step's draw is expected to name the item; -inf for never.
  [[nodiscard]] double log_expected_count(std::int32_t item) const;

  /// Appends the places in `drawn` (ascending) whose items occur in the user's training events,
  /// ascending: they are no negatives of that user.
  void append_positives(std::int64_t user,
                        std::span<const std::int32_t> drawn,
                        std::vector<std::int32_t>& places) const;

 private:
  std::uint64_t seed_;
  std::int64_t num_items_;
  std::int64_t num_drawn_;
  std::vector<std::int64_t> cumulative_;  ///< [V + 1] training events with items 1..i; or empty
  std::vector<std::int64_t> offsets_{0};  ///< [U + 1] into items_
  std::vector<std::int32_t> items_;       ///< of each user's training events, each once, ascending
};

}  // namespace elastic::train
