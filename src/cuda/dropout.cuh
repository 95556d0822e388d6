// The dropout masks of `Dropout`, the same as on the CPU.
#pragma once

#include <cmath>

#include "base/random.h"
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/backend.h"
#include "tensor/dropout.h"

namespace elastic::cuda {

constexpr int kDropoutBlock = 128;  ///< elements that share sixteen counters
constexpr int kDropoutLanes = 16;   ///< counters of a block
constexpr int kDropoutHalves = 8;   ///< elements of a counter, kDropoutLanes apart

/// Elements of a row of lanes: 128 block + 16 half + lane.
struct DropoutWords {
  std::uint32_t words[4];

  __device__ std::uint32_t half(int i) const {
    // No index: the words stay in registers.
    const std::uint32_t low = i < 2 ? words[0] : words[1];
    const std::uint32_t high = i < 6 ? words[2] : words[3];
    const std::uint32_t word = i < 4 ? low : high;
    return i % 2 == 0 ? word & 0xFFFFU : word >> 16;
  }
};

/// A Dropout on the device.
template <class T>
struct DropoutView {
  std::uint32_t threshold;  ///< 0: keeps all
  T keep;
  std::uint32_t key[2];
  std::uint32_t step;
  std::uint32_t stream;
  const std::uint32_t* steps_later;  ///< see Runtime::steps_later

  DropoutView() = default;
  explicit DropoutView(const Dropout& dropout)
      : threshold(static_cast<std::uint32_t>(std::lround(dropout.rate * 65536.0))),
        keep(static_cast<T>(1.0 / (1.0 - dropout.rate))),
        key{static_cast<std::uint32_t>(dropout.seed),
            static_cast<std::uint32_t>(dropout.seed >> 32)},
        step(dropout.step),
        stream(dropout.stream),
        steps_later(runtime().steps_later()) {
    if (!dropout.active()) {
      threshold = 0;
      keep = T(1);
    }
  }

  /// The words of counter `lane` of a block of elements: Philox4x32-10.
  __device__ DropoutWords words(std::int64_t block, int lane) const {
    std::uint32_t c[4] = {static_cast<std::uint32_t>(block) * kDropoutLanes + lane,
                          step + *steps_later,
                          stream,
                          static_cast<std::uint32_t>(RandomPurpose::kDropout)};
    std::uint32_t k0 = key[0];
    std::uint32_t k1 = key[1];
#pragma unroll
    for (int round = 0; round < 10; ++round) {
      const std::uint32_t high0 = __umulhi(0xD2511F53U, c[0]);
      const std::uint32_t low0 = 0xD2511F53U * c[0];
      const std::uint32_t high1 = __umulhi(0xCD9E8D57U, c[2]);
      const std::uint32_t low1 = 0xCD9E8D57U * c[2];
      c[0] = high1 ^ c[1] ^ k0;
      c[1] = low1;
      c[2] = high0 ^ c[3] ^ k1;
      c[3] = low0;
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    return {{c[0], c[1], c[2], c[3]}};
  }

  __device__ T factor(const DropoutWords& words, int half) const {
    return words.half(half) >= threshold ? keep : T(0);
  }
};

/// Factors element by element: elements of one counter that follow each other share its work.
template <class T>
struct DropoutCursor {
  const DropoutView<T>& dropout;
  DropoutWords words{};
  std::int64_t counter = -1;

  __device__ T factor(std::int64_t e) {
    if (dropout.threshold == 0) {
      return T(1);
    }
    const std::int64_t block = e / kDropoutBlock;
    const int place = static_cast<int>(e % kDropoutBlock);
    const int lane = place % kDropoutLanes;
    if (const std::int64_t own = block * kDropoutLanes + lane; own != counter) {
      words = dropout.words(block, lane);
      counter = own;
    }
    return dropout.factor(words, place / kDropoutLanes);
  }
};

/// body(element, factor) for the elements first..first+count-1 of one unit: units 0..num_units-1
/// together cover each element once.
__host__ __device__ constexpr std::int64_t dropout_units(std::int64_t first, std::int64_t count) {
  return ((first + count - 1) / kDropoutBlock - first / kDropoutBlock + 1) * kDropoutLanes;
}
template <class T, class Body>
__device__ __forceinline__ void for_dropout_unit(const DropoutView<T>& dropout,
                                                 std::int64_t first,
                                                 std::int64_t count,
                                                 std::int64_t unit,
                                                 const Body& body) {
  const std::int64_t block = first / kDropoutBlock + unit / kDropoutLanes;
  const int lane = static_cast<int>(unit % kDropoutLanes);
  DropoutWords words{};
  if (dropout.threshold != 0) {
    words = dropout.words(block, lane);
  }
#pragma unroll
  for (int half = 0; half < kDropoutHalves; ++half) {
    const std::int64_t e = block * kDropoutBlock + half * kDropoutLanes + lane;
    if (e >= first && e < first + count) {
      body(e, dropout.threshold == 0 ? T(1) : dropout.factor(words, half));
    }
  }
}

}  // namespace elastic::cuda
