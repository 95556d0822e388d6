// Queries and keys of attention to times of a few periods.
#include "tensor/kernels/time_phases.h"

#include <cmath>
#include <numbers>

#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

// The time `seconds` within a period of 2^exponent seconds, in radians from -pi to pi. Its phase is
// exact before it is rounded to T.
template <class T>
T phase_of(std::uint32_t seconds, int exponent) {
  const std::uint32_t turn = seconds << (32 - exponent);  // of 2^32
  return static_cast<T>(static_cast<double>(static_cast<std::int32_t>(turn)) *
                        (std::numbers::pi / 2147483648.0));
}

template <class T>
T steps_of(std::int32_t seconds, int exponent) {
  return static_cast<T>(std::ldexp(2.0 * std::numbers::pi * seconds, -exponent));
}

template <class T>
void time_phases(const kernels::TimePhases& k) {
  const std::int64_t periods = k.periods;
  const bool asked = k.next_seconds.defined();
  const auto* clock = k.clock.data<std::int32_t>();
  const auto* gaps = k.gap_seconds.data<std::int32_t>();
  constexpr double kPhaseWork = 200.0;  // multiply-adds that two pairs of sines take as long as
  const Tiles tiles = token_tiles(k.clock.numel());
  parallel_for(tiles.count(), kPhaseWork * product_work(tiles.rows, periods), [&](std::int64_t i) {
    for (std::int64_t t = tiles.begin(i); t < tiles.end(i); ++t) {
      const std::int32_t ahead =
          asked ? k.next_seconds.data<std::int32_t>()[t] - k.seconds.data<std::int32_t>()[t] : 0;
      for (std::int64_t p = 0; p < periods; ++p) {
        const int exponent = kernels::period_exponent(p, periods);
        const auto now = static_cast<std::uint32_t>(clock[t]);
        const T of_key = phase_of<T>(now, exponent);
        const T cosine = std::cos(of_key);
        const T sine = std::sin(of_key);
        const T of_query = phase_of<T>(now + static_cast<std::uint32_t>(ahead), exponent);
        const T query_cosine = asked ? std::cos(of_query) : cosine;
        const T query_sine = asked ? std::sin(of_query) : sine;
        for (const bool is_cosine : {false, true}) {
          const std::int64_t head = 2 * periods * t + (is_cosine ? periods : 0) + p;
          T* key = k.key.data<T>() + 2 * head;
          T* query = k.query.data<T>() + 2 * head;
          key[0] = cosine;
          key[1] = sine;
          query[0] = is_cosine ? query_cosine : query_sine;
          query[1] = is_cosine ? query_sine : -query_cosine;
          k.steps.data<T>()[head] = steps_of<T>(gaps[t], exponent);
          if (asked) {
            k.next_steps.data<T>()[head] = steps_of<T>(ahead, exponent);
          }
        }
      }
    }
  });
}
const OnCpu time_phases_entry{time_phases<float>, time_phases<double>};

}  // namespace
}  // namespace elastic::cpu
