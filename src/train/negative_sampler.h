// Draws the negative items of a training step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/split.h"
#include "train/train_config.h"

namespace elastic::train {

/// Negatives are drawn once per step for all rows, with repetition, from items 1..V: uniformly, or
/// in proportion to their training events. The draw depends only on the seed and the step.
class NegativeSampler {
 public:
  /// A drawn item that occurs in a user's training events.
  struct Positive {
    std::int32_t place = 0;  ///< in the draw
    std::int32_t first = 0;  ///< of the user's training events with this item
  };

  /// Each step draws `num_drawn` items.
  NegativeSampler(const data::Split& split, const TrainConfig& config, std::int64_t num_drawn);

  /// The negatives of a step, ascending.
  [[nodiscard]] std::vector<std::int32_t> draw(std::int64_t step) const;

  /// Log of the expected number of times that a step draws the item; -inf if it is never drawn.
  [[nodiscard]] double log_expected_count(std::int32_t item) const;

  /// The items of `drawn` (ascending) that occur in the user's training events, in the order of
  /// `drawn`. The first event of an item is known only with train_seen exclude; otherwise it is 0,
  /// so that the item counts as known from the start.
  [[nodiscard]] std::vector<Positive> positives(std::int64_t user,
                                                std::span<const std::int32_t> drawn) const;

 private:
  void add_user(std::span<const std::int32_t> events, bool with_first);

  std::uint64_t seed_;
  std::int64_t num_items_;
  std::int64_t num_drawn_;
  std::vector<std::int64_t> cumulative_;  ///< [V + 1] events of items 1..i; empty if uniform
  std::vector<std::int64_t> offsets_{0};  ///< [U + 1] offsets into items_
  std::vector<std::int32_t> items_;  ///< distinct items of each user's training events, ascending
  std::vector<std::int32_t> first_;  ///< the user's first event of each of items_, or empty
};

}  // namespace elastic::train
