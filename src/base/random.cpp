#include "base/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <cstring>
#include <numbers>

namespace elastic {

std::array<std::uint32_t, 4> random_words(
    std::uint64_t seed, RandomPurpose purpose, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  const r123::Philox4x32::ctr_type counter{{a, b, c, static_cast<std::uint32_t>(purpose)}};
  const r123::Philox4x32::key_type key{
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const auto words = r123::Philox4x32()(counter, key);
  return {words[0], words[1], words[2], words[3]};
}

std::uint32_t RandomStream::next_word() {
  const auto lane = static_cast<std::size_t>(position_ % 4);
  if (lane == 0) {
    words_ = random_words(seed_,
                          purpose_,
                          static_cast<std::uint32_t>(position_ / 4),
                          static_cast<std::uint32_t>(stream_),
                          static_cast<std::uint32_t>(stream_ >> 32));
  }
  ++position_;
  return words_[lane];
}

double RandomStream::uniform() {
  const std::uint64_t high = next_word();
  const std::uint64_t low = next_word();
  return static_cast<double>(((high << 32) | low) >> 11) * 0x1.0p-53;
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % bound + 1) % bound;
  for (;;) {
    const std::uint64_t high = next_word();
    const std::uint64_t value = (high << 32) | next_word();
    if (value <= limit) {
      return value % bound;
    }
  }
}

std::uint64_t hash_bytes(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3ULL;
  }
  return hash;
}

std::uint64_t hash_name(const char* name) {
  return hash_bytes(std::as_bytes(std::span(name, std::strlen(name))));
}

}  // namespace elastic
