// Queries and keys of attention to times of a few periods.
#pragma once

#include <cstdint>

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Period p of C is 2^e seconds with e = 10 + floor(21 p / (C - 1)), p in 0..C-1: from 17 minutes
/// to 68 years.
constexpr int period_exponent(std::int64_t period, std::int64_t count) {
  constexpr int kShortest = 10;
  constexpr std::int64_t kRange = 21;
  return kShortest + static_cast<int>(count > 1 ? kRange * period / (count - 1) : 0);
}

/// For C periods, head p < C is the sine and head C + p the cosine of period p; with phi(t) =
/// 2 pi t / P_p for a time t:
///   key_j = (cos phi(t_j), sin phi(t_j)) for both,
///   query_i = (sin phi(u_i), -cos phi(u_i)) and (cos phi(u_i), sin phi(u_i)),
/// so that query_i . key_j is the sine or cosine of phi(u_i - t_j). t is `clock` [T] int32 in
/// 0..2^31-1; u = t, or with `seconds` and `next_seconds` [T] int32, u = t + next_seconds -
/// seconds. Also steps [T, 2 C], 2 pi gap_seconds / P of each head, and next_steps [T, 2 C], that
/// of next_seconds - seconds (undefined without). query, key [T, 4 C].
struct TimePhases {
  static constexpr const char* kName = "time_phases";
  const Tensor& clock;
  const Tensor& gap_seconds;
  const Tensor& seconds;
  const Tensor& next_seconds;
  std::int64_t periods;
  Tensor& query;
  Tensor& key;
  Tensor& steps;
  Tensor& next_steps;
  ELASTIC_OPERANDS(clock, gap_seconds, seconds, next_seconds, query, key, steps, next_steps);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels
