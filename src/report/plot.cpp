#include "report/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "report/axis.h"
#include "report/html.h"

namespace elastic::report {
namespace {

// Okabe and Ito's palette, distinguishable by colour-blind readers, on light and dark backgrounds.
constexpr std::array<Markup, 7> kColours{
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999933"};

// Sizes in the units of the viewBox.
constexpr double kWidth = 560.0;
constexpr double kHeight = 360.0;
constexpr double kRight = 12.0;
constexpr double kTop = 10.0;
constexpr double kBottom = 54.0;
constexpr double kDigit = 9.6;  // width of a digit of a label on a narrow screen
// Lines with more points have no marks, which would hide them.
constexpr std::size_t kMostMarks = 200;

struct Range {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  void add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

struct Axes {
  Axis across;
  Axis up;
  double left = 56.0;  // of the drawing; more for wide labels
  [[nodiscard]] double x(double value) const {
    return left + across.place(value) * (kWidth - left - kRight);
  }
  [[nodiscard]] double y(double value) const {
    return kTop + (1.0 - up.place(value)) * (kHeight - kTop - kBottom);
  }
};

bool fits(double value, Scale scale) {
  return std::isfinite(value) && (scale == Scale::kLinear || value > 0.0);
}

Html line(double x1, double y1, double x2, double y2, const Html& style) {
  Html svg;
  return svg << "<line x1=\"" << fixed(x1, 1) << "\" y1=\"" << fixed(y1, 1) << "\" x2=\""
             << fixed(x2, 1) << "\" y2=\"" << fixed(y2, 1) << "\" " << style << "/>";
}

Html style(Markup markup) {
  Html html;
  return html << markup;
}

Html label(double x, double y, Markup anchor, const std::string& text) {
  Html svg;
  return svg << "<text x=\"" << fixed(x, 1) << "\" y=\"" << fixed(y, 1) << "\" text-anchor=\""
             << anchor << "\">" << text << "</text>";
}

// `value` with enough digits to distinguish neighbouring points.
std::string readable(double value) {
  const double size = std::fabs(value);
  return size == std::floor(size) && size < 1e15 ? fixed(value, 0)
         : size >= 1.0                           ? fixed(value, 3)
                                                 : fixed(value, size >= 0.001 ? 5 : 9);
}

// Ticks at the points' own x, for logarithmic x axes: there x is a length, and lengths are few.
std::vector<Tick> own_ticks(const std::vector<Series>& series) {
  std::vector<double> values;
  for (const Series& one : series) {
    for (const auto& [x, y] : one.points) {
      values.push_back(x);
    }
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<Tick> ticks;
  for (const double value : values) {
    ticks.push_back({value, fixed(value, 0)});
  }
  return ticks;
}

// The ticks of a linear axis; between whole numbers, such as epochs, only whole ones.
std::vector<Tick> linear_ticks(const Axis& axis, const std::vector<Series>& series) {
  const auto is_whole = [](double x) { return std::fabs(x - std::round(x)) < 1e-6; };
  std::vector<Tick> ticks = axis.ticks();
  if (std::all_of(series.begin(), series.end(), [&](const Series& one) {
        return std::all_of(one.points.begin(), one.points.end(), [&](const auto& point) {
          return is_whole(point.first);
        });
      })) {
    std::erase_if(ticks, [&](const Tick& tick) { return !is_whole(tick.value); });
    for (Tick& tick : ticks) {
      tick.label = tick.value < 1000.0 ? fixed(tick.value, 0) : tick.label;
    }
  }
  return ticks;
}

// The labels of the x axis, in the order of their places.
std::vector<Tick> x_ticks(const Axes& axes, const Plot& plot) {
  if (plot.x_labels.empty()) {
    return plot.x_scale == Scale::kLog ? own_ticks(plot.series)
                                       : linear_ticks(axes.across, plot.series);
  }
  std::vector<Tick> ticks;
  for (const auto& [value, label] : plot.x_labels) {
    ticks.push_back({value, label});
  }
  return ticks;
}

Html draw_axes(const Axes& axes, const Plot& plot) {
  Html svg;
  for (const Tick& tick : axes.up.ticks()) {
    const double at = axes.y(tick.value);
    svg << line(axes.left, at, kWidth - kRight, at, style("class=\"grid\""))
        << label(axes.left - 6.0, at + 4.0, "end", tick.label);
  }
  constexpr double kRoom = 46.0;  // width of a label on a narrow screen
  double free_from = 0.0;
  for (const Tick& tick : x_ticks(axes, plot)) {
    if (axes.x(tick.value) >= free_from) {
      svg << label(axes.x(tick.value), kHeight - 36.0, "middle", tick.label);
      free_from = axes.x(tick.value) + kRoom;
    }
  }
  const double base = kHeight - kBottom;
  return svg << line(axes.left, base, kWidth - kRight, base, style("class=\"axis\""))
             << label(kWidth / 2.0, kHeight - 10.0, "middle", plot.x_label);
}

// The vertical line and its text, on the side with more room.
Html draw_mark(const Axes& axes, double value, const std::string& text) {
  const double at = axes.x(value);
  const bool left = at > (axes.left + kWidth - kRight) / 2.0;
  Html svg;
  return svg << line(at, kTop, at, kHeight - kBottom, style("class=\"mark\""))
             << label(at + (left ? -6.0 : 6.0),
                      kTop + 12.0,
                      left ? Markup("end") : Markup("start"),
                      text);
}

// The colour of a line, and its dashes: these differ where the colours repeat.
struct LineStyle {
  Markup colour;
  Markup dashes;
};

LineStyle style_of(const Series& series, std::size_t place) {
  constexpr std::array<Markup, 3> kDashes{
      "", " stroke-dasharray=\"7 3\"", " stroke-dasharray=\"2 3\""};
  const std::size_t number = series.colour < 0 ? place : static_cast<std::size_t>(series.colour);
  return {kColours[number % kColours.size()], kDashes[number / kColours.size() % kDashes.size()]};
}

// The text of a point's x: the caller's label, or the number.
std::string x_text(const Plot& plot, double x) {
  for (const auto& [value, label] : plot.x_labels) {
    if (value == x) {
      return label;
    }
  }
  return readable(x);
}

Html draw_marks(const Axes& axes, const Plot& plot, const Series& series, Markup colour) {
  Html marks;
  for (const auto& [x, y] : series.points) {
    marks << "<circle cx=\"" << fixed(axes.x(x), 1) << "\" cy=\"" << fixed(axes.y(y), 1)
          << "\" r=\"3\" fill=\"" << colour << "\"><title>" << series.name << ", "
          << x_text(plot, x) << ": " << readable(y) << "</title></circle>";
  }
  return marks;
}

Html draw_line(const Axes& axes, const Series& series, const LineStyle& look) {
  Html path;
  for (const auto& [x, y] : series.points) {
    path << (path.empty() ? Markup("M") : Markup("L")) << fixed(axes.x(x), 1) << " "
         << fixed(axes.y(y), 1);
  }
  Html svg;
  svg << "<path d=\"" << path << "\" fill=\"none\" stroke=\"" << look.colour << "\"";
  return series.thin ? svg << " stroke-width=\"1\" opacity=\"0.5\"" << look.dashes << "><title>"
                           << series.name << "</title></path>"
                     : svg << " stroke-width=\"2\"" << look.dashes << "/>";
}

Html draw_series(const Axes& axes, const Plot& plot) {
  const std::vector<Series>& series = plot.series;
  Html svg;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const LineStyle look = style_of(series[i], i);
    if (series[i].connected) {
      svg << draw_line(axes, series[i], look);
    }
    if (!series[i].thin && (!series[i].connected || series[i].points.size() <= kMostMarks)) {
      svg << draw_marks(axes, plot, series[i], look.colour);
    }
  }
  return svg;
}

// A list of lines and names below the drawing, where it hides nothing.
Html legend_of(const std::vector<Series>& series) {
  Html html;
  html << "<div class=\"legend\">";
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].thin) {
      continue;
    }
    const LineStyle look = style_of(series[i], i);
    html << "<span><svg class=\"key\" viewBox=\"0 0 22 6\"><line x1=\"0\" y1=\"3\" x2=\"22\" "
            "y2=\"3\" stroke=\""
         << look.colour << "\" stroke-width=\"3\"" << look.dashes << "/></svg>" << series[i].name
         << "</span>";
  }
  return html << "</div>";
}

}  // namespace

Html figure(const Plot& plot) {
  Plot drawn = plot;
  Range xs;
  Range ys;
  for (Series& series : drawn.series) {
    std::erase_if(series.points, [&](const auto& point) {
      return !fits(point.first, plot.x_scale) || !fits(point.second, plot.y_scale);
    });
    for (const auto& [x, y] : series.points) {
      xs.add(x);
      ys.add(y);
    }
  }
  std::erase_if(drawn.series, [](const Series& series) { return series.points.empty(); });
  if (drawn.series.empty()) {
    return {};
  }
  if (!plot.x_labels.empty() && plot.x_scale == Scale::kLinear) {  // room for the outer labels
    xs.add(plot.x_labels.front().first - 0.5);
    xs.add(plot.x_labels.back().first + 0.5);
  }
  Axes axes{Axis(plot.x_scale, xs.least, xs.most, false),
            Axis(plot.y_scale, ys.least, ys.most, true)};
  for (const Tick& tick : axes.up.ticks()) {
    axes.left = std::max(axes.left, kDigit * static_cast<double>(tick.label.size()) + 8.0);
  }
  Html mark;
  if (plot.x_mark && plot.x_mark->first >= xs.least && plot.x_mark->first <= xs.most) {
    mark = draw_mark(axes, plot.x_mark->first, plot.x_mark->second);
  }
  Html html;
  return html << "<figure><figcaption>" << plot.caption << "</figcaption><svg viewBox=\"0 0 "
              << fixed(kWidth, 0) << " " << fixed(kHeight, 0) << "\" role=\"img\">"
              << draw_axes(axes, drawn) << mark << draw_series(axes, drawn) << "</svg>"
              << legend_of(drawn.series) << "</figure>\n";
}

}  // namespace elastic::report
