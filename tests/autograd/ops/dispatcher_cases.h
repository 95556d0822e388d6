// Batches on which both cores of Linear Dispatcher Attention are tested.
#pragma once

#include <cmath>
#include <vector>

#include "autograd/op_checks.h"

namespace elastic {

struct DispatcherCase {
  std::vector<std::int32_t> lengths;
  std::int32_t heads;
  std::int32_t experts;
  std::int64_t dim;

  [[nodiscard]] Segments segments() const { return segments_of(lengths); }
  [[nodiscard]] std::int64_t batch() const { return segments().size(); }
  [[nodiscard]] Segments expert_segments() const {
    return Segments::uniform(batch(), experts, test_device());
  }
  [[nodiscard]] double scale() const { return 1.0 / std::sqrt(static_cast<double>(dim / heads)); }
  [[nodiscard]] Shape absorbed() const { return {batch(), heads, experts, dim}; }
};

/// Sizes 1 and odd, single tokens, past the tile of 64 and past the chunk of 1024.
inline const std::vector<DispatcherCase> kDispatcherCases{{{1}, 1, 1, 1},
                                                          {{1, 1}, 2, 3, 4},
                                                          {{5, 1, 3}, 1, 2, 3},
                                                          {{64, 65, 200}, 2, 8, 6},
                                                          {{1023, 1025, 2}, 1, 3, 4},
                                                          {{2500}, 2, 1, 4}};

/// Tokens, a norm's weight and bias, and a query.
inline std::vector<Tensor> aggregate_inputs(const DispatcherCase& c) {
  return {random_f64({c.segments().num_tokens(), c.dim}, 1),
          random_f64({c.dim}, 2),
          random_f64({c.dim}, 3),
          random_f64(c.absorbed(), 4)};
}

}  // namespace elastic
