// The items that a training step knows by their learned row, besides their vector.
#pragma once

#include <cstdint>
#include <vector>

#include "data/split.h"
#include "model/model.h"
#include "train/optimizer.h"

namespace elastic::train {

/// With item vectors, an item that has one is known by its vector alone in a share of the steps
/// (--id-dropout), and in every step if it has no training event: its learned row is then zero and
/// stays so, and every item is scored as it was trained. An item whose features are all zero keeps
/// its row.
class LearnedRows {
 public:
  /// `share` in 0..1, of the items with a vector. Without item vectors, or if no item is to be
  /// left out, `of` names no items.
  LearnedRows(const Model& model, const data::Split& split, double share, std::uint64_t seed);

  /// Sets the rows of the items without a training event to zero, and their moments.
  void clear_untrained(const Model& model, const Optimizer& optimizer) const;
  /// ForwardMode::learned_rows of a step, a function of the seed and the step alone. O(V).
  [[nodiscard]] Tensor of(std::uint32_t step) const;

 private:
  double share_;
  std::uint64_t seed_;
  Device device_;
  std::vector<bool> has_vector_;       ///< [V + 1]
  std::vector<std::int32_t> trained_;  ///< the items whose row may count
  std::vector<std::int32_t> untrained_;
  Tensor same_rows_;  ///< of every step, without a share; undefined: all
};

}  // namespace elastic::train
