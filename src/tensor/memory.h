// Device memory counted by purpose, for `profile` and the memory tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace elastic {

/// The purpose of an allocation.
enum class Memory { kParameter, kOptimizer, kActivation, kGradient, kWorkspace };
inline constexpr std::size_t kMemoryKinds = 5;
const char* name_of(Memory kind);

/// Bytes in use, by kind, with the high-water marks since the last reset.
struct MemoryReport {
  std::array<std::size_t, kMemoryKinds> current{};
  std::array<std::size_t, kMemoryKinds> peak{};  ///< each kind's own maximum
  std::array<std::size_t, kMemoryKinds>
      at_peak{};  ///< the kinds at the moment of `total_peak`, their sum
  std::size_t total_current = 0;
  std::size_t total_peak = 0;
  std::size_t cached = 0;          ///< freed blocks kept for reuse
  std::uint64_t system_calls = 0;  ///< blocks allocated from the system since the start

  [[nodiscard]] std::size_t current_of(Memory kind) const {
    return current[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::size_t peak_of(Memory kind) const {
    return peak[static_cast<std::size_t>(kind)];
  }
};

}  // namespace elastic
