#include "autograd/ops/time_phases.h"

#include "base/scope.h"
#include "tensor/kernels/time_phases.h"

namespace elastic::ops {

TimePhases time_phases(const Tensor& clock,
                       const Tensor& gap_seconds,
                       const Tensor& seconds,
                       const Tensor& next_seconds,
                       std::int64_t periods,
                       DType dtype) {
  const OpScope scope(__func__);
  const std::int64_t tokens = clock.numel();
  require_shape(
      periods >= 1 && gap_seconds.numel() == tokens &&
          seconds.defined() == next_seconds.defined() &&
          (!seconds.defined() || (seconds.numel() == tokens && next_seconds.numel() == tokens)),
      "time_phases: times of ",
      tokens,
      " tokens do not fit each other");
  const Device device = clock.device();
  TimePhases phases{Tensor({tokens, 4 * periods}, dtype, device),
                    Tensor({tokens, 4 * periods}, dtype, device),
                    Tensor({tokens, 2 * periods}, dtype, device),
                    {}};
  if (next_seconds.defined()) {
    phases.next_steps = Tensor({tokens, 2 * periods}, dtype, device);
  }
  run(kernels::TimePhases{.clock = clock,
                          .gap_seconds = gap_seconds,
                          .seconds = seconds,
                          .next_seconds = next_seconds,
                          .periods = periods,
                          .query = phases.query,
                          .key = phases.key,
                          .steps = phases.steps,
                          .next_steps = phases.next_steps});
  return phases;
}

}  // namespace elastic::ops
