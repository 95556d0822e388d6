// One axis of a plot: where values stand, and which are labelled.
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
  /// From `least` to `most`, which may be equal; above 0 where logarithmic. `whole` widens the
  /// range to the next labelled values, as a vertical axis wants it; else it ends a little beyond
  /// the data.
  Axis(Scale scale, double least, double most, bool whole);

  /// 0 at the low end, 1 at the high one.
  [[nodiscard]] double place(double value) const;
  /// Decades where logarithmic, else four to nine steps of 1, 2 or 5 times a power of ten.
  [[nodiscard]] std::vector<Tick> ticks() const;

 private:
  [[nodiscard]] double scaled(double value) const;

  Scale scale_;
  double low_;         ///< log10 of it where logarithmic
  double high_;        ///< likewise
  double step_ = 1.0;  ///< between labels; decades where logarithmic
};

/// 1000 -> "1k"; below 1 with as many decimals as its first digit needs.
std::string short_number(double value);
/// With `decimals` digits after the point.
std::string fixed(double value, int decimals);

}  // namespace elastic::report
