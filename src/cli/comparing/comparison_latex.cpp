// A comparison as a LaTeX table for the package booktabs.
#include <fmt/format.h>

#include "cli/comparing/comparison.h"
#include "cli/comparing/marked_text.h"

namespace elastic::cli {
namespace {

std::string latex_mean(const eval::GroupMetric& metric, std::size_t place, std::size_t seeds) {
  std::string text = fmt::format("{:.4f}", metric.summary.mean);
  text = place == 1 ? "\\textbf{" + text + "}" : place == 2 ? "\\underline{" + text + "}" : text;
  if (metric.significant) {
    text += metric.difference.value > 0.0 ? "$^{*}$" : "$^{\\dagger}$";
  }
  return seeds < 2
             ? text
             : fmt::format("{} {{\\scriptsize $\\pm$ {:.4f}}}", text, metric.summary.deviation);
}

std::string latex_rows(const Comparison& comparison) {
  std::string text;
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    const std::size_t seeds = comparison.values.seeds[g];
    text += fmt::format("{} & {}", latex_text(comparison.groups[g].name), seeds);
    for (std::size_t m = 0; m < comparison.values.metrics.size(); ++m) {
      const auto places = places_of(comparison, m);
      text += " & " + latex_mean(comparison.all()[g][m], places[g], seeds);
    }
    text += " \\\\\n";
  }
  return text;
}

std::string latex_caption(const Comparison& comparison) {
  std::string text = "Mean over seeds. Bold: the best; underlined: the second.";
  if (comparison.groups.size() > 1) {
    text +=
        fmt::format(" $^{{*}}$ significantly better than {}, $^{{\\dagger}}$ significantly worse.",
                    latex_text(comparison.groups[comparison.values.baseline].name));
  }
  for (const std::string& sentence : explanations_of(comparison)) {
    text += " " + latex_text(sentence);
  }
  return text;
}

}  // namespace

std::string to_latex(const Comparison& comparison) {
  std::string head = "group & seeds";
  for (const eval::UserMetric& metric : comparison.values.metrics) {
    head += " & " + latex_text(metric.name);
  }
  return fmt::format(
      "% \\usepackage{{booktabs}}\n"
      "\\begin{{table}}\n\\centering\n\\begin{{tabular}}{{lr{}}}\n\\toprule\n{} \\\\\n\\midrule\n"
      "{}\\bottomrule\n\\end{{tabular}}\n\\caption{{{}}}\n\\end{{table}}\n",
      std::string(comparison.values.metrics.size(), 'l'),
      head,
      latex_rows(comparison),
      latex_caption(comparison));
}

}  // namespace elastic::cli
