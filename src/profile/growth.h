// How time and memory of the measured models grow with the length of the history.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/fit.h"
#include "profile/profiler.h"

namespace elastic::profile {

/// Fits of one model in one phase over its lengths.
struct Growth {
  std::string model;  ///< with its variant: "elastic", "softmax, no shortcut"
  std::string phase;
  PowerFit time;    ///< milliseconds of the shortest repetition
  PowerFit memory;  ///< growing_bytes
  /// Of the exponent of time; none with fewer than four repetitions of a length.
  std::optional<Interval> time_exponent;
  bool noisy = false;  ///< one of its rows is
};

/// Bytes of activations and workspace at the peak; of an imported row that does not know them, the
/// whole peak; 0 if it knows neither.
double growing_bytes(const Row& row);

/// One per model, variant, batch size and phase with at least three measured lengths, in the order
/// of the rows.
std::vector<Growth> growths_of(const std::vector<Row>& rows);

}  // namespace elastic::profile
