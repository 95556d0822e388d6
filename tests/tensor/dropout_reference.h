// The dropout mask, element by element.
#pragma once

#include <cmath>
#include <vector>

#include "base/random.h"
#include "tensor/backend.h"
#include "tensor/dropout.h"

namespace elastic {

/// The mask of tensor/dropout.h.
inline bool kept(const Dropout& dropout, std::int64_t element) {
  const std::int64_t block = element / 128;
  const std::int64_t within = element % 128;
  const auto words = random_words(dropout.seed,
                                  RandomPurpose::kDropout,
                                  static_cast<std::uint32_t>(block * 16 + element % 16),
                                  dropout.step,
                                  dropout.stream);
  const auto half = static_cast<std::size_t>(within / 16);
  const std::uint32_t word = words[half / 2];
  const std::uint32_t bits = half % 2 == 0 ? word & 0xffff : word >> 16;
  return bits >= static_cast<std::uint32_t>(std::lround(dropout.rate * 65536.0));
}

inline const std::vector<Dropout> kDropouts{
    {0.1, 1, 0, 0}, {0.5, 0xfedcba9876543210ULL, 3, 7}, {0.9, 42, 4000000000U, 1}};

}  // namespace elastic
