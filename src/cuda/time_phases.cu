// Queries and keys of attention to times of a few periods.
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/time_phases.h"

namespace elastic::cuda {
namespace {

constexpr double kPi = 3.14159265358979323846;

template <class T>
struct TimePhasesView {
  const std::int32_t* clock;
  const std::int32_t* gaps;
  const std::int32_t* seconds;       // null unless the time of the next event is known
  const std::int32_t* next_seconds;  // likewise
  int periods;
  T* query;
  T* key;
  T* steps;
  T* next_steps;
};

// The phase of a time within a period of 2^exponent seconds, in radians from -pi to pi.
template <class T>
__device__ __forceinline__ T phase_of(std::uint32_t seconds, int exponent) {
  const auto turn = static_cast<std::int32_t>(seconds << (32 - exponent));
  return static_cast<T>(static_cast<double>(turn) * (kPi / 2147483648.0));
}

template <class T>
__device__ __forceinline__ T steps_of(std::int32_t seconds, int exponent) {
  return static_cast<T>(2.0 * kPi * static_cast<double>(seconds) /
                        static_cast<double>(1U << exponent));
}

// A thread takes a token's period.
template <class T>
__global__ void time_phases_kernel(std::int64_t count, TimePhasesView<T> p) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const std::int64_t t = i / p.periods;
    const int period = static_cast<int>(i % p.periods);
    const int exponent = kernels::period_exponent(period, p.periods);
    const bool asked = p.next_seconds != nullptr;
    const std::int32_t ahead = asked ? p.next_seconds[t] - p.seconds[t] : 0;
    const auto now = static_cast<std::uint32_t>(p.clock[t]);
    const T of_key = phase_of<T>(now, exponent);
    const T of_query = phase_of<T>(now + static_cast<std::uint32_t>(ahead), exponent);
    const T cosine = cos(of_query);
    const T sine = sin(of_query);
    for (int is_cosine = 0; is_cosine < 2; ++is_cosine) {
      const std::int64_t head = 2 * p.periods * t + is_cosine * p.periods + period;
      p.key[2 * head] = cos(of_key);
      p.key[2 * head + 1] = sin(of_key);
      p.query[2 * head] = is_cosine != 0 ? cosine : sine;
      p.query[2 * head + 1] = is_cosine != 0 ? sine : -cosine;
      p.steps[head] = steps_of<T>(p.gaps[t], exponent);
      if (asked) {
        p.next_steps[head] = steps_of<T>(ahead, exponent);
      }
    }
  }
}

template <class T>
void time_phases(const kernels::TimePhases& k) {
  const std::int64_t count = k.clock.numel() * k.periods;
  const bool asked = k.next_seconds.defined();
  launch(k.kName,
         time_phases_kernel<T>,
         element_grid(count),
         count,
         TimePhasesView<T>{k.clock.data<std::int32_t>(),
                           k.gap_seconds.data<std::int32_t>(),
                           asked ? k.seconds.data<std::int32_t>() : nullptr,
                           data_or_null<std::int32_t>(k.next_seconds),
                           static_cast<int>(k.periods),
                           k.query.data<T>(),
                           k.key.data<T>(),
                           k.steps.data<T>(),
                           data_or_null<T>(k.next_steps)});
}
const OnCuda time_phases_entry{time_phases<float>, time_phases<double>};

}  // namespace
}  // namespace elastic::cuda
