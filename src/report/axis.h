// One axis of a plot: positions of values, and labels.
#pragma once

#include <string>
#include <vector>

#include "report/plot.h"

namespace elastic::report {

struct Tick {
  double value = 0.0;
  std::string label;
};

class Axis {
 public:
  /// An axis for values from `least` to `most`, which may be equal and must be positive on a
  /// logarithmic axis. With `whole`, for vertical axes, the range extends to the next labelled
  /// values; otherwise it ends slightly beyond the data.
  Axis(Scale scale, double least, double most, bool whole);

  /// Position of `value`: 0 at the low end, 1 at the high end.
  [[nodiscard]] double place(double value) const;
  /// Labels at decades on a logarithmic axis, else at four to nine multiples of a step of 1, 2 or 5
  /// times a power of ten.
  [[nodiscard]] std::vector<Tick> ticks() const;

 private:
  [[nodiscard]] double scaled(double value) const;

  Scale scale_;
  double low_;         ///< log10 of the value on a logarithmic axis
  double high_;        ///< likewise
  double step_ = 1.0;  ///< between labels; in decades on a logarithmic axis
};

/// 1000 -> "1k"; numbers below 1 with the decimals that their first digit needs.
std::string short_number(double value);
/// `value` with `decimals` digits after the point.
std::string fixed(double value, int decimals);

}  // namespace elastic::report
