// Dropout whose mask is computed from the position of an element, never stored.
#pragma once

#include <cstdint>

namespace elastic {

/// Inverted dropout with a mask that is a function of (seed, step, stream, element), so that
/// backward recomputes it. Elements form blocks of 128: element e reads 16 bits, half (e % 128) /
/// 16 (low half of word 0 first) of random_words(seed, kDropout, e / 128 * 16 + e % 16, step,
/// stream), and is kept if they are at least round(rate * 65536). The layout suits vectors of 16
/// lanes and warps alike.
struct Dropout {
  double rate = 0.0;  ///< in [0, 1)
  std::uint64_t seed = 0;
  std::uint32_t step = 0;    ///< training step
  std::uint32_t stream = 0;  ///< number of the dropout in the model
  [[nodiscard]] bool active() const { return rate > 0.0; }
};

}  // namespace elastic
