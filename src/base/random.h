// Counter-based random numbers: a value is a function of (seed, purpose, counter), so results do
// not depend on threads, order or resuming. Philox4x32-10 of Random123.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace elastic {

/// The use of a stream of random numbers, which keeps the streams independent. The values determine
/// the results of a run: append only.
enum class RandomPurpose : std::uint32_t {
  kDropout = 0,
  kInit = 1,
  kShuffle = 2,
  kCuts = 3,
  kBootstrap = 4,
  kRetrieval = 5,
  kEvalNegatives = 6,
  kNegatives = 7,
  kIdDropout = 8,
  kSearch = 9,
  kEvalUsers = 10,
};

/// Four 32-bit words for (seed, purpose, a, b, c).
std::array<std::uint32_t, 4> random_words(
    std::uint64_t seed, RandomPurpose purpose, std::uint32_t a, std::uint32_t b, std::uint32_t c);

/// The numbers of one stream in order. Cheap to make; the n-th number is always the same.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, RandomPurpose purpose, std::uint64_t stream)
      : seed_(seed), purpose_(purpose), stream_(stream) {}

  std::uint32_t next_word();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Standard normal (Box-Muller).
  double normal();
  /// Uniform in 0..bound-1, without bias; `bound` must be positive.
  std::uint64_t below(std::uint64_t bound);

 private:
  std::uint64_t seed_;
  RandomPurpose purpose_;
  std::uint64_t stream_;
  std::uint64_t position_ = 0;
  std::array<std::uint32_t, 4> words_{};
};

/// 64-bit FNV-1a, which turns a name or other bytes into a stream number.
std::uint64_t hash_bytes(std::span<const std::byte> bytes);
std::uint64_t hash_name(const char* name);

}  // namespace elastic
