// Limits on the memory that an input file may take.
#pragma once

#include <cstdint>
#include <limits>

namespace elastic::data {

/// Half of the machine's memory in bytes, or `least` if that is more.
std::uint64_t half_of_memory(std::uint64_t least);

struct TextLimits {
  /// Bytes of an input, read or decompressed (--max-input-bytes).
  std::uint64_t most_bytes = half_of_memory(std::uint64_t{4} << 30);
  /// Bytes that a decoder may allocate besides its output: the window of an xz or zstd stream.
  std::uint64_t most_window_bytes = half_of_memory(std::uint64_t{1} << 30);

  static constexpr TextLimits none() {
    constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
    return {kUnlimited, kUnlimited};
  }
};

}  // namespace elastic::data
