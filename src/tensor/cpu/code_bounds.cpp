#include "tensor/cpu/code_bounds.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/cpu/simd.h"

namespace elastic::cpu {
namespace {

template <int Bytes>
using Words = typename VectorOf<std::int32_t, Bytes>::Type;
template <int Bytes>
using Floats = typename VectorOf<float, Bytes>::Type;

// Each unit: lanes of sum += the four products of an unsigned byte of `codes` and a signed one of
// `state`.
struct Portable {
  static constexpr int kBytes = std::min(kVectorBytes, 32);
  using Lanes = Words<kBytes>;
  static Lanes add_products(Lanes sum, Lanes codes, Lanes state) {
#if defined(__AVX2__)
    // Pairs of 16-bit numbers: bytes 0 and 2, bytes 1 and 3.
    const auto even = _mm256_madd_epi16((__m256i)(codes & 0x00FF00FF),
                                        _mm256_srai_epi16(_mm256_slli_epi16((__m256i)state, 8), 8));
    const auto odd = _mm256_madd_epi16(_mm256_srli_epi16((__m256i)codes, 8),
                                       _mm256_srai_epi16((__m256i)state, 8));
    return sum + (Lanes)even + (Lanes)odd;
#else
    return sum + (codes & 255) * (state << 24 >> 24) + (codes >> 8 & 255) * (state << 16 >> 24) +
           (codes >> 16 & 255) * (state << 8 >> 24) + (codes >> 24 & 255) * (state >> 24);
#endif
  }
};

// As assembly rather than with target attributes, so that the loop around it is a template; it runs
// only if the CPU has the instruction.
#if defined(__x86_64__) && defined(__AVX2__)
#define ELASTIC_AVX_VNNI_FORM
struct AvxVnni {
  static constexpr int kBytes = 32;
  using Lanes = Words<kBytes>;
  static Lanes add_products(Lanes sum, Lanes codes, Lanes state) {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(codes), "x"(state));
    return sum;
  }
};
#endif
#if defined(__x86_64__) && defined(__AVX512F__)
#define ELASTIC_AVX512_VNNI_FORM
struct Avx512Vnni {
  static constexpr int kBytes = 64;
  using Lanes = Words<kBytes>;
  static Lanes add_products(Lanes sum, Lanes codes, Lanes state) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(codes), "v"(state));
    return sum;
  }
};
#endif

template <class Unit>
void upper_bounds_by(const CodedState& state,
                     const ItemCodes& codes,
                     std::int64_t first,
                     std::int64_t count,
                     float* upper) {
  using Lanes = typename Unit::Lanes;
  using Reals = Floats<Unit::kBytes>;
  constexpr std::int64_t kWidth = Unit::kBytes / 4;
  constexpr std::int64_t kVectors = 4;
  const auto groups = static_cast<std::int64_t>(state.high.size());
  const auto* const words = codes.words.data<std::int32_t>();
  const auto* const scales = codes.scales.data<float>() + first;
  for (std::int64_t s = 0; s < count; s += kVectors * kWidth) {
    Lanes high[kVectors];
    Lanes low[kVectors];
    const std::int32_t* at[kVectors];
    for (std::int64_t v = 0; v < kVectors; ++v) {
      const std::int64_t slot = first + s + v * kWidth;
      at[v] = words + slot / kCodeBlock * groups * kCodeBlock + slot % kCodeBlock;
      high[v] = Lanes{} + state.high_start;
      low[v] = Lanes{} + state.low_start;
    }
    for (std::int64_t g = 0; g < groups; ++g) {
      const Lanes high_word = Lanes{} + state.high[static_cast<std::size_t>(g)];
      const Lanes low_word = Lanes{} + state.low[static_cast<std::size_t>(g)];
#pragma GCC unroll 4
      for (std::int64_t v = 0; v < kVectors; ++v) {
        const auto word = load<Lanes>(at[v] + g * kCodeBlock);
        high[v] = Unit::add_products(high[v], word, high_word);
        low[v] = Unit::add_products(low[v], word, low_word);
      }
    }
    for (std::int64_t v = 0; v < kVectors; ++v) {
      const Reals bound =
          state.low_step * __builtin_convertvector(low[v], Reals) +
          (state.high_step * __builtin_convertvector(high[v], Reals) + state.margin);
      store(upper + s + v * kWidth, load<Reals>(scales + s + v * kWidth) * bound);
    }
  }
}

[[maybe_unused]] bool cpu_has([[maybe_unused]] ByteUnit unit) {
#if defined(__x86_64__)
  unsigned int eax = 0;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  unsigned int edx = 0;
  const bool wide = unit == ByteUnit::kAvx512Vnni;
  __get_cpuid_count(7, wide ? 0 : 1, &eax, &ebx, &ecx, &edx);
  return wide ? (ecx >> 11 & 1U) != 0 : (eax >> 4 & 1U) != 0;
#else
  return false;
#endif
}

ByteUnit best_byte_unit() {
  for (const ByteUnit unit : {ByteUnit::kAvx512Vnni, ByteUnit::kAvxVnni}) {
    if (has_byte_unit(unit)) {
      return unit;
    }
  }
  return ByteUnit::kPortable;
}

ByteUnit& active_byte_unit() {
  static ByteUnit unit = best_byte_unit();
  return unit;
}

double margin_of(
    double norm, double rest, std::int64_t dim, double largest, const ItemCodes& codes) {
  const double sum_error = static_cast<double>(dim) * 0x1p-24;
  const double most = (norm + rest) * codes.code_norm + norm * codes.error_norm;
  const double error =
      norm * codes.error_norm + rest * codes.code_norm + most * sum_error / (1.0 - sum_error);
  const double margin = (1.0 + 0x1p-17) * error + 0x1p-17 * most + 0x1p-70;
  const bool bounded =
      std::isfinite(largest) && 8.0 * (most + margin) * std::max(codes.largest_scale, 1.0) <
                                    double{std::numeric_limits<float>::max()};
  return bounded ? margin * (1.0 + 0x1p-20) : -1.0;
}

}  // namespace

bool encode_state(const float* state, std::int64_t dim, const ItemCodes& codes, CodedState& coded) {
  double largest = 0.0;
  for (std::int64_t d = 0; d < dim; ++d) {
    const double size = std::fabs(double{state[d]});
    largest = size <= largest ? largest : size;  // NaN stays
    if (!std::isfinite(size)) {
      return false;
    }
  }
  constexpr double kLargestCode = 127.0 * 128.0;
  const float step = std::max(static_cast<float>(largest / kLargestCode), 0x1p-60F);
  const auto groups = static_cast<std::size_t>((dim + 3) / 4);
  coded.high.assign(groups, 0);
  coded.low.assign(groups, 0);
  double squares = 0.0;
  double rest_squares = 0.0;
  std::int32_t high_sum = 0;
  std::int32_t low_sum = 0;
  const auto put = [](std::int32_t& word, std::int64_t place, std::int32_t byte) {
    word = static_cast<std::int32_t>(static_cast<std::uint32_t>(word) |
                                     (static_cast<std::uint32_t>(byte) & 255U) << (8 * place));
  };
  for (std::int64_t d = 0; d < dim; ++d) {
    const double value = state[d];
    const double code =
        std::clamp(std::nearbyint(value / double{step}), -kLargestCode, kLargestCode);
    const double rest = value - code * double{step};
    squares += value * value;
    rest_squares += rest * rest;
    const double high = std::floor((code + 64.0) / 128.0);
    const auto high_code = static_cast<std::int32_t>(high);
    const auto low_code = static_cast<std::int32_t>(code - 128.0 * high);
    put(coded.high[static_cast<std::size_t>(d / 4)], d % 4, high_code);
    put(coded.low[static_cast<std::size_t>(d / 4)], d % 4, low_code);
    high_sum += high_code;
    low_sum += low_code;
  }
  coded.high_start = -128 * high_sum;
  coded.low_start = -128 * low_sum;
  coded.high_step = 128.0F * step;
  coded.low_step = step;
  constexpr double kRoundUp = 1.0 + 0x1p-20;  // more than the rounding of the norms
  const double margin = margin_of(
      std::sqrt(squares) * kRoundUp, std::sqrt(rest_squares) * kRoundUp, dim, largest, codes);
  coded.margin = static_cast<float>(margin);
  return margin > 0.0;
}

bool has_byte_unit(ByteUnit unit) {
  switch (unit) {
    case ByteUnit::kPortable:
      return true;
    case ByteUnit::kAvxVnni:
#if defined(ELASTIC_AVX_VNNI_FORM)
      return cpu_has(unit);
#else
      return false;
#endif
    case ByteUnit::kAvx512Vnni:
#if defined(ELASTIC_AVX512_VNNI_FORM)
      return cpu_has(unit);
#else
      return false;
#endif
  }
  return false;
}

ByteUnit byte_unit() {
  return active_byte_unit();
}

void set_byte_unit(ByteUnit unit) {
  active_byte_unit() = unit;
}

void upper_bounds(const CodedState& state,
                  const ItemCodes& codes,
                  std::int64_t first,
                  std::int64_t count,
                  float* upper) {
  switch (byte_unit()) {
#if defined(ELASTIC_AVX512_VNNI_FORM)
    case ByteUnit::kAvx512Vnni:
      upper_bounds_by<Avx512Vnni>(state, codes, first, count, upper);
      return;
#endif
#if defined(ELASTIC_AVX_VNNI_FORM)
    case ByteUnit::kAvxVnni:
      upper_bounds_by<AvxVnni>(state, codes, first, count, upper);
      return;
#endif
    default:
      upper_bounds_by<Portable>(state, codes, first, count, upper);
  }
}

}  // namespace elastic::cpu
