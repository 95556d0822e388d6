// Line plots as inline SVG, for pages that need nothing else.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace elastic::report {

enum class Scale { kLinear, kLog };

/// A line of points (x, y), drawn in this order.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string caption;
  std::string x_label;
  Scale x_scale = Scale::kLinear;  ///< a logarithmic axis is labelled at the points' own x
  Scale y_scale = Scale::kLinear;
  std::vector<Series> series;
};

/// A <figure> with axes, lines, marks that tell their values, and a legend. Points that are not
/// finite, or not above 0 on a logarithmic axis, are left out; "" when none is left.
std::string figure(const Plot& plot);

}  // namespace elastic::report
