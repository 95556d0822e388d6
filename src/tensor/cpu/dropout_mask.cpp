#include "tensor/cpu/dropout_mask.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"

namespace elastic::cpu {
namespace {

// Sixteen Philox4x32-10 counters side by side in two vectors. A lane of 64 bits holds a word in its
// low half: one widening product per round and word then needs no shuffle. The high halves are
// ignored. The constants are those of Salmon et al. 2011; the test compares with Random123.
constexpr std::int64_t kBlock = 128;  // elements: 16 lanes x 4 words x 2 halves
constexpr std::size_t kLanes = 8;
typedef std::uint64_t Lanes __attribute__((vector_size(64)));
typedef std::uint32_t HalfWords __attribute__((vector_size(32)));
typedef std::uint32_t Words __attribute__((vector_size(64)));

// out = the low halves of `in` times factor.
inline void multiply_low(const Lanes& in, std::uint32_t factor, Lanes& out) {
#if defined(__AVX512F__)
  out = reinterpret_cast<Lanes>(
      _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(in), _mm512_set1_epi64(factor)));
#elif defined(__AVX2__)
  const auto* source = reinterpret_cast<const __m256i*>(&in);
  auto* target = reinterpret_cast<__m256i*>(&out);
  target[0] = _mm256_mul_epu32(source[0], _mm256_set1_epi64x(factor));
  target[1] = _mm256_mul_epu32(source[1], _mm256_set1_epi64x(factor));
#else
  out = (in & 0xFFFFFFFFU) * factor;
#endif
}

// The words of a block's sixteen counters.
std::array<Words, 4> block_words(const Dropout& dropout, std::int64_t block) {
  const Lanes first = Lanes{0, 1, 2, 3, 4, 5, 6, 7} + static_cast<std::uint32_t>(block * 16);
  std::array<std::array<Lanes, 4>, 2> counters;
  for (std::size_t half = 0; half < 2; ++half) {
    counters[half] = {first + half * kLanes,
                      Lanes{} + dropout.step,
                      Lanes{} + dropout.stream,
                      Lanes{} + static_cast<std::uint32_t>(RandomPurpose::kDropout)};
  }
  auto key0 = static_cast<std::uint32_t>(dropout.seed);
  auto key1 = static_cast<std::uint32_t>(dropout.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::array<Lanes, 4>& counter : counters) {
      Lanes product0;
      Lanes product1;
      multiply_low(counter[0], 0xD2511F53U, product0);
      multiply_low(counter[2], 0xCD9E8D57U, product1);
      counter[0] = (product1 >> 32) ^ counter[1] ^ key0;
      counter[2] = (product0 >> 32) ^ counter[3] ^ key1;
      counter[1] = product1;
      counter[3] = product0;
    }
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  std::array<Words, 4> words;
  for (std::size_t word = 0; word < 4; ++word) {
    words[word] = __builtin_shufflevector(__builtin_convertvector(counters[0][word], HalfWords),
                                          __builtin_convertvector(counters[1][word], HalfWords),
                                          0,
                                          1,
                                          2,
                                          3,
                                          4,
                                          5,
                                          6,
                                          7,
                                          8,
                                          9,
                                          10,
                                          11,
                                          12,
                                          13,
                                          14,
                                          15);
  }
  return words;
}

// The factor of each of a block's elements.
template <class T>
void block_factors(const Dropout& dropout, std::int64_t block, T* factors) {
  const auto threshold = static_cast<std::uint32_t>(std::lround(dropout.rate * 65536.0));
  const T keep = static_cast<T>(1.0 / (1.0 - dropout.rate));
  for (const Words& words : block_words(dropout, block)) {
    for (std::size_t lane = 0; lane < 2 * kLanes; ++lane) {
      factors[lane] = (words[lane] & 0xFFFFU) >= threshold ? keep : T(0);
    }
    for (std::size_t lane = 0; lane < 2 * kLanes; ++lane) {
      factors[2 * kLanes + lane] = words[lane] >> 16 >= threshold ? keep : T(0);
    }
    factors += 4 * kLanes;
  }
}

}  // namespace

template <class T>
void apply_dropout(const Dropout& dropout, std::int64_t first, std::int64_t count, T* values) {
  if (!dropout.active()) {
    return;
  }
  alignas(64) T factors[kBlock];
  const std::int64_t last = first + count;
  for (std::int64_t block = first / kBlock; block * kBlock < last; ++block) {
    block_factors(dropout, block, factors);
    const std::int64_t begin = std::max(first, block * kBlock);
    const std::int64_t end = std::min(last, (block + 1) * kBlock);
    const T* part_factors = factors + (begin - block * kBlock);
    T* part = values + (begin - first);
    for (std::int64_t i = 0; i < end - begin; ++i) {
      part[i] *= part_factors[i];
    }
  }
}

template void apply_dropout<float>(const Dropout&, std::int64_t, std::int64_t, float*);
template void apply_dropout<double>(const Dropout&, std::int64_t, std::int64_t, double*);

}  // namespace elastic::cpu
