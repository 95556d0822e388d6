// The profile as one page that needs nothing else: log-log plots in inline SVG, table, machine,
// build.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>

#include "base/error.h"
#include "profile/report.h"

namespace elastic::profile {
namespace {

// Okabe and Ito's colours, told apart by colour-blind readers and on light and dark ground.
constexpr std::array<const char*, 7> kColours{
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999933"};

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>elastic profile</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #6b7280; --rule: #d4d8dd; --ground: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --faint: #9aa3ad; --rule: #3a4149; --ground: #15181c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.note, dl { color: var(--faint); }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; flex: 1 1 480px; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--faint); stroke-width: 1; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
dt { float: left; clear: left; width: 9rem; } dd { margin-left: 9.5rem; overflow-wrap: anywhere; }
</style></head><body>
)";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

// 1000 -> 1k: tick labels.
std::string tick_label(double value) {
  constexpr std::array<const char*, 4> kUnits{"", "k", "M", "G"};
  std::size_t unit = 0;
  while (value >= 1000.0 && unit + 1 < kUnits.size()) {
    value /= 1000.0;
    ++unit;
  }
  return fixed(value, value >= 1.0 ? 0 : value >= 0.1 ? 1 : value >= 0.01 ? 2 : 3) + kUnits[unit];
}

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

// Log-log axes from data to the picture.
class Axes {
 public:
  explicit Axes(const std::vector<Series>& series) {
    double x_least = INFINITY;
    double x_most = 0.0;
    double y_least = INFINITY;
    double y_most = 0.0;
    for (const Series& one : series) {
      for (const auto& [x, y] : one.points) {
        x_least = std::min(x_least, x);
        x_most = std::max(x_most, x);
        y_least = std::min(y_least, y);
        y_most = std::max(y_most, y);
      }
    }
    x_low_ = std::log10(x_least) - 0.05;
    x_high_ = std::log10(x_most) + 0.05;
    y_low_ = std::floor(std::log10(y_least));
    y_high_ = std::max(y_low_ + 1.0, std::ceil(std::log10(y_most)));
  }
  [[nodiscard]] double x(double value) const {
    return kLeft + (std::log10(value) - x_low_) / (x_high_ - x_low_) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double y(double value) const {
    return kTop + (y_high_ - std::log10(value)) / (y_high_ - y_low_) * (kHeight - kTop - kBottom);
  }
  [[nodiscard]] int first_decade() const { return static_cast<int>(y_low_); }
  [[nodiscard]] int last_decade() const { return static_cast<int>(y_high_); }

  static constexpr double kWidth = 560.0;
  static constexpr double kHeight = 340.0;
  static constexpr double kLeft = 56.0;
  static constexpr double kRight = 12.0;
  static constexpr double kTop = 10.0;
  static constexpr double kBottom = 34.0;

 private:
  double x_low_;
  double x_high_;
  double y_low_;
  double y_high_;
};

std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return concat("<line x1=\"",
                fixed(x1, 1),
                "\" y1=\"",
                fixed(y1, 1),
                "\" x2=\"",
                fixed(x2, 1),
                "\" y2=\"",
                fixed(y2, 1),
                "\" ",
                style,
                "/>");
}

std::string label(double x, double y, const char* anchor, const std::string& text) {
  return concat("<text x=\"",
                fixed(x, 1),
                "\" y=\"",
                fixed(y, 1),
                "\" text-anchor=\"",
                anchor,
                "\">",
                escaped(text),
                "</text>");
}

std::string draw_axes(const Axes& axes, const std::vector<Series>& series) {
  std::string svg;
  for (int decade = axes.first_decade(); decade <= axes.last_decade(); ++decade) {
    const double value = std::pow(10.0, decade);
    svg += line(
        Axes::kLeft, axes.y(value), Axes::kWidth - Axes::kRight, axes.y(value), "class=\"grid\"");
    svg += label(Axes::kLeft - 6.0, axes.y(value) + 4.0, "end", tick_label(value));
  }
  std::vector<double> lengths;
  for (const Series& one : series) {
    for (const auto& [x, y] : one.points) {
      lengths.push_back(x);
    }
  }
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  constexpr double kRoom = 34.0;
  double free_from = 0.0;
  for (const double length : lengths) {
    if (axes.x(length) >= free_from) {
      svg += label(axes.x(length), Axes::kHeight - 16.0, "middle", fixed(length, 0));
      free_from = axes.x(length) + kRoom;
    }
  }
  svg += line(Axes::kLeft,
              Axes::kHeight - Axes::kBottom,
              Axes::kWidth - Axes::kRight,
              Axes::kHeight - Axes::kBottom,
              "class=\"axis\"");
  svg += label(Axes::kWidth / 2.0, Axes::kHeight - 6.0, "middle", "history length, events");
  return svg;
}

std::string draw_series(const Axes& axes, const std::vector<Series>& series) {
  std::string svg;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    std::string path;
    std::string marks;
    for (const auto& [x, y] : series[i].points) {
      path += concat(path.empty() ? "M" : "L", fixed(axes.x(x), 1), " ", fixed(axes.y(y), 1));
      marks += concat("<circle cx=\"",
                      fixed(axes.x(x), 1),
                      "\" cy=\"",
                      fixed(axes.y(y), 1),
                      "\" r=\"3\" fill=\"",
                      colour,
                      "\"><title>",
                      escaped(series[i].name),
                      ", length ",
                      fixed(x, 0),
                      ": ",
                      fixed(y, 3),
                      "</title></circle>");
    }
    svg += concat(
        "<path d=\"", path, "\" fill=\"none\" stroke=\"", colour, "\" stroke-width=\"2\"/>", marks);
    const double at = Axes::kTop + 14.0 + 16.0 * static_cast<double>(i);
    svg += line(Axes::kLeft + 10.0,
                at - 4.0,
                Axes::kLeft + 28.0,
                at - 4.0,
                concat("stroke=\"", colour, "\" stroke-width=\"3\""));
    svg += label(Axes::kLeft + 34.0, at, "start", series[i].name);
  }
  return svg;
}

std::string figure(const std::string& caption, const std::vector<Series>& series) {
  const Axes axes(series);
  return concat("<figure><figcaption>",
                escaped(caption),
                "</figcaption><svg viewBox=\"0 0 ",
                fixed(Axes::kWidth, 0),
                " ",
                fixed(Axes::kHeight, 0),
                "\" role=\"img\">",
                draw_axes(axes, series),
                draw_series(axes, series),
                "</svg></figure>\n");
}

// One series per model of a phase; rows without a figure are left out.
std::vector<Series> series_of(const std::vector<Row>& rows,
                              Phase phase,
                              const std::function<double(const Row&)>& value) {
  std::vector<Series> all;
  for (const Row& row : rows) {
    if (row.workload.phase != phase || row.status != RowStatus::kOk || !(value(row) > 0.0)) {
      continue;
    }
    const std::string name = series_name(row);
    auto found =
        std::find_if(all.begin(), all.end(), [&](const Series& s) { return s.name == name; });
    if (found == all.end()) {
      all.push_back({name, {}});
      found = all.end() - 1;
    }
    found->points.emplace_back(static_cast<double>(row.workload.model.max_len), value(row));
  }
  for (Series& one : all) {
    std::sort(one.points.begin(), one.points.end());
  }
  return all;
}

std::string plots(const Report& report) {
  std::string html;
  for (const Phase phase : {Phase::kEncode, Phase::kServe, Phase::kTrain, Phase::kRank}) {
    const auto time = series_of(report.rows, phase, [](const Row& row) { return row.ms_median; });
    const auto memory = series_of(report.rows, phase, [](const Row& row) {
      return (row.activation_bytes + row.workspace_bytes) / 1048576.0;
    });
    if (!time.empty() && !memory.empty()) {
      html += concat("<h2>",
                     name_of(phase),
                     "</h2>\n<div class=\"plots\">\n",
                     figure("Time, ms (median)", time),
                     figure("Activations and workspace, MiB", memory),
                     "</div>\n");
    }
  }
  return html;
}

// The Markdown tables as HTML ones.
std::string tables(const std::string& markdown) {
  std::string html;
  bool open = false;
  for (std::size_t begin = 0; begin < markdown.size();) {
    const std::size_t end = std::min(markdown.find('\n', begin), markdown.size());
    const std::string row = markdown.substr(begin, end - begin);
    begin = end + 1;
    if (row.rfind("| ---", 0) == 0) {
      continue;
    }
    if (row.empty() || row[0] != '|') {
      html += open ? "</table></div>\n" : "";
      html += row.empty() ? "" : concat("<p class=\"note\">", escaped(row), "</p>\n");
      open = false;
      continue;
    }
    const char* cell = open ? "td" : "th";
    html += open ? "<tr>" : "<div class=\"scroll\"><table><tr>";
    for (std::size_t at = 1; at + 1 < row.size();) {
      const std::size_t bar = row.find('|', at);
      html += concat("<", cell, ">", escaped(row.substr(at + 1, bar - at - 2)), "</", cell, ">");
      at = bar + 1;
    }
    html += "</tr>\n";
    open = true;
  }
  return html + (open ? "</table></div>\n" : "");
}

}  // namespace

std::string to_html(const Report& report) {
  std::string html =
      concat(kHead,
             "<h1>elastic profile</h1>\n<p class=\"note\">Time, memory and operations "
             "against the length of the history. Both axes are logarithmic.</p>\n",
             plots(report),
             "<h2>All measurements</h2>\n",
             tables(to_markdown(report)),
             "<h2>Build</h2>\n<dl>\n");
  for (const auto& [key, value] : report.build.items()) {
    html += concat("<dt>",
                   escaped(key),
                   "</dt><dd>",
                   escaped(value.is_string() ? value.get<std::string>() : value.dump()),
                   "</dd>\n");
  }
  return html + "</dl>\n</body></html>\n";
}

}  // namespace elastic::profile
