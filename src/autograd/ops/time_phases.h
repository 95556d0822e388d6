// Queries and keys of attention to times of a few periods, the same for all layers.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace elastic::ops {

/// For 2 C heads of C periods (kernels/time_phases.h).
struct TimePhases {
  Tensor query;       ///< [T, 4 C], two numbers a head
  Tensor key;         ///< [T, 4 C]
  Tensor steps;       ///< [T, 2 C]: 2 pi (time since the event before) / period
  Tensor next_steps;  ///< [T, 2 C]: 2 pi (time until the next event) / period; undefined if unknown
};

/// Each [T] int32: the tokens' times modulo 2^31 seconds, and the seconds since the event before.
/// `seconds` and `next_seconds`, the tokens' and the next events' in seconds since any time, are
/// undefined if queries ask at their own time.
TimePhases time_phases(const Tensor& clock,
                       const Tensor& gap_seconds,
                       const Tensor& seconds,
                       const Tensor& next_seconds,
                       std::int64_t periods,
                       DType dtype);

}  // namespace elastic::ops
