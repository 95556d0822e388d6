#include "report/interval_plot.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
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

// Those ticks whose labels have room on a narrow screen; that of zero is among them.
std::vector<Tick> labelled_ticks(const Axis& axis) {
  constexpr double kRoom = 70.0;
  const std::vector<Tick> all = axis.ticks();
  std::size_t zero = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    zero = all[i].value == 0.0 ? i : zero;
  }
  const double spacing =
      all.size() < 2 ? kRoom : x_of(axis, all[1].value) - x_of(axis, all[0].value);
  const auto stride = static_cast<std::size_t>(std::max(1.0, std::ceil(kRoom / spacing)));
  std::vector<Tick> shown;
  for (std::size_t i = zero % stride; i < all.size(); i += stride) {
    shown.push_back(all[i]);
  }
  return shown;
}

Html draw_axis(const Axis& axis, const std::string& x_label) {
  Html svg;
  svg << open_drawing(kAxisHeight) << "<line x1=\"" << fixed(kSide, 1) << "\" y1=\"1\" x2=\""
      << fixed(kDrawingWidth - kSide, 1) << "\" y2=\"1\" class=\"axis\"/>";
  for (const Tick& tick : labelled_ticks(axis)) {
    svg << "<text x=\"" << fixed(x_of(axis, tick.value), 1) << "\" y=\"20\" text-anchor=\"middle\">"
        << tick.label << "</text>";
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
