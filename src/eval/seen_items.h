// Items that a user has seen already.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/segments.h"
#include "tensor/tensor.h"

namespace elastic::eval {

/// The distinct items of `history` except `target`, ascending.
std::vector<std::int32_t> seen_items(std::span<const std::int32_t> history, std::int32_t target);

/// Items to exclude from the rankings of a batch, collected row by row.
class ExcludedItems {
 public:
  /// `rows` rows without excluded items.
  static ExcludedItems none(std::int64_t rows);
  void add_row(std::span<const std::int32_t> sorted_items);
  [[nodiscard]] Segments segments(Device device) const { return {offsets_, device}; }
  [[nodiscard]] Tensor ids(Device device) const;

 private:
  std::vector<std::int32_t> ids_;
  std::vector<std::int32_t> offsets_{0};
};

}  // namespace elastic::eval
