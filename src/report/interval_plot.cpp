#include "report/interval_plot.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "report/axis.h"

namespace elastic::report {
namespace {

// Sizes in the units of the viewBox.
constexpr double kDrawingWidth = 560.0;
constexpr double kSide = 30.0;
constexpr double kRowHeight = 20.0;
constexpr double kAxisHeight = 54.0;

double x_of(const Axis& axis, double value) {
  return kSide + axis.place(value) * (kDrawingWidth - 2.0 * kSide);
}

Html open_drawing(double height) {
  Html svg;
  return svg << "<svg viewBox=\"0 0 " << fixed(kDrawingWidth, 0) << " " << fixed(height, 0)
             << "\" role=\"img\">";
}

Html zero_line(const Axis& axis, double height) {
  Html svg;
  const std::string x = fixed(x_of(axis, 0.0), 1);
  return svg << "<line x1=\"" << x << "\" y1=\"0\" x2=\"" << x << "\" y2=\"" << fixed(height, 1)
             << "\" class=\"axis\"/>";
}

Html draw_row(const Axis& axis, const IntervalRow& row) {
  const std::string y = fixed(kRowHeight / 2.0, 1);
  Html svg;
  svg << "<div class=\"row\"><b>" << row.name << "</b> " << row.text << "</div>"
      << open_drawing(kRowHeight) << zero_line(axis, kRowHeight);
  if (std::isfinite(row.low) && std::isfinite(row.high)) {
    svg << "<line x1=\"" << fixed(x_of(axis, row.low), 1) << "\" y1=\"" << y << "\" x2=\""
        << fixed(x_of(axis, row.high), 1) << "\" y2=\"" << y
        << "\" stroke=\"#0072b2\" stroke-width=\"3\"/>";
  }
  return svg << "<circle cx=\"" << fixed(x_of(axis, row.value), 1) << "\" cy=\"" << y
             << "\" r=\"6\" stroke=\"#0072b2\" stroke-width=\"2\" fill=\""
             << (row.filled ? Markup("#0072b2") : Markup("var(--ground)")) << "\"/></svg>\n";
}

Html draw_axis(const Axis& axis, const std::string& x_label) {
  constexpr double kRoom = 70.0;  // width of a label on a narrow screen
  Html svg;
  svg << open_drawing(kAxisHeight) << "<line x1=\"" << fixed(kSide, 1) << "\" y1=\"1\" x2=\""
      << fixed(kDrawingWidth - kSide, 1) << "\" y2=\"1\" class=\"axis\"/>";
  double free_from = 0.0;
  for (const Tick& tick : axis.ticks()) {
    const double x = x_of(axis, tick.value);
    if (x >= free_from) {
      svg << "<text x=\"" << fixed(x, 1) << "\" y=\"20\" text-anchor=\"middle\">" << tick.label
          << "</text>";
      free_from = x + kRoom;
    }
  }
  return svg << "<text x=\"" << fixed(kDrawingWidth / 2.0, 1)
             << "\" y=\"44\" text-anchor=\"middle\">" << x_label << "</text></svg>";
}

}  // namespace

Html figure(const IntervalPlot& plot) {
  double least = 0.0;
  double most = 0.0;
  Html rows;
  for (const IntervalRow& row : plot.rows) {
    for (const double value : {row.value, row.low, row.high}) {
      if (std::isfinite(value)) {
        least = std::min(least, value);
        most = std::max(most, value);
      }
    }
  }
  const Axis axis(Scale::kLinear, least, most, false);
  for (const IntervalRow& row : plot.rows) {
    if (std::isfinite(row.value)) {
      rows << draw_row(axis, row);
    }
  }
  Html html;
  if (rows.empty()) {
    return html;
  }
  return html << "<figure><figcaption>" << plot.caption << "</figcaption>\n"
              << rows << draw_axis(axis, plot.x_label) << "</figure>\n";
}

}  // namespace elastic::report
