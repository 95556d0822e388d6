// Batches on which slots and their gates are tested.
#pragma once

#include <cmath>
#include <vector>

#include "autograd/op_checks.h"

namespace elastic {

struct SlotCase {
  std::vector<std::int32_t> lengths;
  std::int64_t heads;
  std::int64_t slots;
  std::int64_t dim;

  [[nodiscard]] Segments segments() const { return segments_of(lengths); }
  [[nodiscard]] std::int64_t tokens() const { return segments().num_tokens(); }
  [[nodiscard]] Shape gates() const { return {tokens(), heads, slots}; }
};

/// Sizes 1 and odd, an empty segment, single tokens, past the chunk of 64 and twice that.
inline const std::vector<SlotCase> kSlotCases{{{1}, 1, 1, 1},
                                              {{3, 1}, 2, 3, 4},
                                              {{5, 0, 2}, 1, 2, 3},
                                              {{64, 65, 1, 200}, 2, 8, 6},
                                              {{130}, 3, 5, 9},
                                              {{70}, 1, 4, 40}};

inline double logistic(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

/// Scores and decays.
inline std::vector<Tensor> gate_inputs(const SlotCase& c) {
  return {random_f64(c.gates(), 1, 3.0), random_f64({c.heads, c.slots}, 2)};
}

}  // namespace elastic
