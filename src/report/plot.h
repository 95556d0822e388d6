// Line plots as inline SVG.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/html.h"

namespace elastic::report {

enum class Scale { kLinear, kLog };

/// A line through points (x, y), in this order, or the points alone.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
  int colour = -1;    ///< series with the same number look alike; -1: the place in the plot
  bool thin = false;  ///< faint, without marks and without an entry in the legend
  bool connected = true;
};

struct Plot {
  std::string caption;
  std::string x_label;
  Scale x_scale = Scale::kLinear;  ///< a logarithmic x axis has its labels at the points' own x
  Scale y_scale = Scale::kLinear;
  std::vector<Series> series;
  /// On the x axis, instead of numbers, in order; 1 apart on a linear axis.
  std::vector<std::pair<double, std::string>> x_labels{};
  /// A vertical line at this x, with a text beside it.
  std::optional<std::pair<double, std::string>> x_mark{};
};

/// A <figure> with axes, lines, marks that show their values as tooltips, and a legend below. Skips
/// points that are not finite, or not positive on a logarithmic axis; empty if none remain.
Html figure(const Plot& plot);

}  // namespace elastic::report
