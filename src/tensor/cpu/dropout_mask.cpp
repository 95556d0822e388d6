#include "tensor/cpu/dropout_mask.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"

namespace elastic::cpu {
namespace {

// Sixteen Philox4x32-10 counters side by side, so that the compiler vectorises the rounds. The
// constants are those of Salmon et al. 2011; the test compares with Random123.
constexpr std::size_t kLanes = 16;
constexpr std::int64_t kBlock = 128;  // elements: 16 lanes x 4 words x 2 halves
using Words = std::array<std::uint32_t, kLanes>;

inline void multiply(std::uint32_t factor, const Words& in, Words& low, Words& high) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t product = std::uint64_t{factor} * in[lane];
    low[lane] = static_cast<std::uint32_t>(product);
    high[lane] = static_cast<std::uint32_t>(product >> 32);
  }
}

// bits[half * 16 + lane]: the random halves of the block's 128 elements, in their order.
void block_bits(const Dropout& dropout,
                std::int64_t block,
                std::array<std::uint16_t, static_cast<std::size_t>(kBlock)>& bits) {
  std::array<Words, 4> counter;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    counter[0][lane] = static_cast<std::uint32_t>(block * 16) + static_cast<std::uint32_t>(lane);
  }
  counter[1].fill(dropout.step);
  counter[2].fill(dropout.stream);
  counter[3].fill(static_cast<std::uint32_t>(RandomPurpose::kDropout));
  auto key0 = static_cast<std::uint32_t>(dropout.seed);
  auto key1 = static_cast<std::uint32_t>(dropout.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    Words low0;
    Words high0;
    Words low1;
    Words high1;
    multiply(0xD2511F53U, counter[0], low0, high0);
    multiply(0xCD9E8D57U, counter[2], low1, high1);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      counter[0][lane] = high1[lane] ^ counter[1][lane] ^ key0;
      counter[2][lane] = high0[lane] ^ counter[3][lane] ^ key1;
    }
    counter[1] = low1;
    counter[3] = low0;
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  for (std::size_t word = 0; word < 4; ++word) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      bits[word * 32 + lane] = static_cast<std::uint16_t>(counter[word][lane]);
      bits[word * 32 + 16 + lane] = static_cast<std::uint16_t>(counter[word][lane] >> 16);
    }
  }
}

}  // namespace

template <class T>
void apply_dropout(const Dropout& dropout, std::int64_t first, std::int64_t count, T* values) {
  if (!dropout.active()) {
    return;
  }
  const auto threshold = static_cast<std::uint32_t>(std::lround(dropout.rate * 65536.0));
  const T keep = static_cast<T>(1.0 / (1.0 - dropout.rate));
  std::array<std::uint16_t, static_cast<std::size_t>(kBlock)> bits;
  const std::int64_t last = first + count;
  for (std::int64_t block = first / kBlock; block * kBlock < last; ++block) {
    block_bits(dropout, block, bits);
    const std::int64_t begin = std::max(first, block * kBlock);
    const std::int64_t end = std::min(last, (block + 1) * kBlock);
    const std::uint16_t* block_part = bits.data() + (begin - block * kBlock);
    T* part = values + (begin - first);
    for (std::int64_t i = 0; i < end - begin; ++i) {
      part[i] *= block_part[i] >= threshold ? keep : T(0);
    }
  }
}

template void apply_dropout<float>(const Dropout&, std::int64_t, std::int64_t, float*);
template void apply_dropout<double>(const Dropout&, std::int64_t, std::int64_t, double*);

}  // namespace elastic::cpu
