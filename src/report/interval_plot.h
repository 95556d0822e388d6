// Values with their intervals, one below the other, against a common axis through zero.
#pragma once

#include <string>
#include <vector>

#include "report/html.h"

namespace elastic::report {

struct IntervalRow {
  std::string name;
  std::string text;  ///< the numbers in words, beside the name
  double value = 0.0;
  double low = 0.0;  ///< bounds that are not finite are not drawn
  double high = 0.0;
  bool filled = false;  ///< the mark: a disc, otherwise a ring
};

struct IntervalPlot {
  std::string caption;
  std::string x_label;
  std::vector<IntervalRow> rows;
};

/// A <figure> with a line of text and a drawing for each row, and the axis below them. Rows whose
/// value is not finite are skipped; empty if none remain.
Html figure(const IntervalPlot& plot);

}  // namespace elastic::report
