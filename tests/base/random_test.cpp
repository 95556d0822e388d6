#include "base/random.h"

#include <Random123/philox.h>
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace elastic {
namespace {

using Words = std::array<std::uint32_t, 4>;

std::vector<std::uint32_t> first_words(RandomStream stream, int count) {
  std::vector<std::uint32_t> words;
  for (int i = 0; i < count; ++i) {
    words.push_back(stream.next_word());
  }
  return words;
}

// From kat_vectors of Random123, philox4x32 with 10 rounds.
TEST_CASE("random_words: known answers of Philox4x32-10") {
  CHECK(random_words(0, static_cast<RandomPurpose>(0), 0, 0, 0) ==
        Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(random_words(~std::uint64_t{0},
                     static_cast<RandomPurpose>(0xffffffffU),
                     0xffffffff,
                     0xffffffff,
                     0xffffffff) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(random_words(0x299f31d0a4093822ULL,
                     static_cast<RandomPurpose>(0x03707344U),
                     0x243f6a88,
                     0x85a308d3,
                     0x13198a2e) == Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random_words: equal to Random123 with counter (a, b, c, purpose) and the seed as key") {
  for (std::uint32_t i = 0; i < 50; ++i) {
    const std::uint64_t seed = 0x123456789abcdefULL * (i + 1);
    const r123::Philox4x32::ctr_type counter{{i, 7 * i, i * i, 1}};
    const r123::Philox4x32::key_type key{
        {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
    const auto want = r123::Philox4x32()(counter, key);
    CHECK(random_words(seed, RandomPurpose::kInit, i, 7 * i, i * i) ==
          Words{want[0], want[1], want[2], want[3]});
  }
}

TEST_CASE("RandomStream: a function of seed, purpose and stream only") {
  const auto words = first_words({5, RandomPurpose::kShuffle, 9}, 40);
  CHECK(first_words({5, RandomPurpose::kShuffle, 9}, 40) == words);
  CHECK(first_words({6, RandomPurpose::kShuffle, 9}, 40) != words);
  CHECK(first_words({5, RandomPurpose::kCuts, 9}, 40) != words);
  CHECK(first_words({5, RandomPurpose::kShuffle, 10}, 40) != words);
  CHECK(first_words({5, RandomPurpose::kShuffle, 9 + (std::uint64_t{1} << 32)}, 40) != words);
}

TEST_CASE("RandomStream: a copy continues at the position of the original") {
  RandomStream stream(1, RandomPurpose::kInit, 2);
  stream.next_word();
  stream.uniform();
  RandomStream copy = stream;
  CHECK(stream.next_word() == copy.next_word());
  CHECK(stream.normal() == copy.normal());
}

TEST_CASE("RandomStream: words come from random_words in order") {
  const auto words = first_words({3, RandomPurpose::kCuts, 4 + (std::uint64_t{5} << 32)}, 8);
  for (std::uint32_t block = 0; block < 2; ++block) {
    const Words want = random_words(3, RandomPurpose::kCuts, block, 4, 5);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(words[4 * block + i] == want[i]);
    }
  }
}

TEST_CASE("RandomStream: uniform lies in [0, 1) and has the moments of the distribution") {
  RandomStream stream(1, RandomPurpose::kInit, 1);
  constexpr int kCount = 40000;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < kCount; ++i) {
    const double value = stream.uniform();
    REQUIRE(value >= 0.0);
    REQUIRE(value < 1.0);
    sum += value;
    squares += value * value;
  }
  CHECK(sum / kCount == doctest::Approx(0.5).epsilon(0.02));
  CHECK(squares / kCount == doctest::Approx(1.0 / 3.0).epsilon(0.02));
}

TEST_CASE("RandomStream: normal has mean 0, variance 1 and the fourth moment 3") {
  RandomStream stream(2, RandomPurpose::kInit, 1);
  constexpr int kCount = 40000;
  double sum = 0.0;
  double squares = 0.0;
  double fourths = 0.0;
  for (int i = 0; i < kCount; ++i) {
    const double value = stream.normal();
    REQUIRE(std::isfinite(value));
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
  }
  CHECK(std::abs(sum / kCount) < 0.02);
  CHECK(squares / kCount == doctest::Approx(1.0).epsilon(0.03));
  CHECK(fourths / kCount == doctest::Approx(3.0).epsilon(0.1));
}

TEST_CASE("RandomStream: below gives every value equally often") {
  for (const std::uint64_t bound : {2, 3, 7, 10}) {
    CAPTURE(bound);
    RandomStream stream(3, RandomPurpose::kShuffle, bound);
    std::vector<int> counts(bound, 0);
    const int per_value = 4000;
    for (std::uint64_t i = 0; i < bound * per_value; ++i) {
      const std::uint64_t value = stream.below(bound);
      REQUIRE(value < bound);
      ++counts[value];
    }
    for (const int count : counts) {
      CHECK(std::abs(count - per_value) < 5 * std::sqrt(per_value));
    }
  }
}

TEST_CASE("RandomStream: below stays unbiased where a plain remainder is not") {
  // 2^64 mod bound is a third of the range: a plain remainder would favour the lower half by 2
  // to 1.
  const std::uint64_t bound = std::uint64_t{3} << 62;
  RandomStream stream(4, RandomPurpose::kShuffle, 0);
  int low = 0;
  for (int i = 0; i < 9000; ++i) {
    const std::uint64_t value = stream.below(bound);
    REQUIRE(value < bound);
    low += value < (std::uint64_t{1} << 62) ? 1 : 0;
  }
  CHECK(low == doctest::Approx(3000).epsilon(0.07));
  CHECK(stream.below(1) == 0);
}

TEST_CASE("hash_name: 64-bit FNV-1a") {
  CHECK(hash_name("") == 0xcbf29ce484222325ULL);
  CHECK(hash_name("a") == 0xaf63dc4c8601ec8cULL);
  CHECK(hash_name("foobar") == 0x85944171f73967e8ULL);
}

}  // namespace
}  // namespace elastic
