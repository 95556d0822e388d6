// Buckets of users by the length of their histories.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace elastic::eval {

/// Lengths `from`..`to`; `to` 0: no bound.
struct LengthRange {
  std::int32_t from = 0;
  std::int32_t to = 0;

  [[nodiscard]] bool contains(std::int32_t length) const {
    return length >= from && (to == 0 || length <= to);
  }
};

/// The buckets of every report, in ascending order.
inline constexpr std::array<LengthRange, 6> kHistoryBuckets{
    {{1, 20}, {21, 50}, {51, 100}, {101, 200}, {201, 500}, {501, 0}}};

}  // namespace elastic::eval
