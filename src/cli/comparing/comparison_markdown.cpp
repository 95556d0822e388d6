// A comparison as Markdown: the best value of a metric bold, the second underlined.
#include <fmt/format.h>

#include <cmath>

#include "cli/comparing/comparison.h"
#include "cli/comparing/marked_text.h"

namespace elastic::cli {
namespace {

// `*` and a dagger mark values that are significantly better and worse than the baseline's.
std::string markdown_mean(const eval::GroupMetric& metric, std::size_t place, std::size_t seeds) {
  std::string text = fmt::format("{:.4f}", metric.summary.mean);
  text = place == 1 ? "**" + text + "**" : place == 2 ? "<ins>" + text + "</ins>" : text;
  if (metric.significant) {
    text += metric.difference.value > 0.0 ? "\\*" : "†";
  }
  return seeds < 2 ? text : fmt::format("{} ± {:.4f}", text, metric.summary.deviation);
}

std::string mean_table(const Comparison& comparison) {
  std::string text = "| group | seeds |";
  std::string rule = "| --- | ---: |";
  for (const eval::UserMetric& metric : comparison.values.metrics) {
    text += fmt::format(" {} |", metric.name);
    rule += " ---: |";
  }
  text += "\n" + rule + "\n";
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    const std::size_t seeds = comparison.values.seeds[g];
    text += fmt::format("| {} | {} |", markdown_text(comparison.groups[g].name), seeds);
    for (std::size_t m = 0; m < comparison.values.metrics.size(); ++m) {
      const auto places = places_of(comparison, m);
      text += fmt::format(" {} |", markdown_mean(comparison.all()[g][m], places[g], seeds));
    }
    text += "\n";
  }
  return text + "\n";
}

std::string difference_table(const Comparison& comparison) {
  if (comparison.groups.size() < 2) {
    return "";
  }
  std::string text = fmt::format(
      "| minus {} | metric | difference | 95 % interval | p | adjusted p |\n"
      "| --- | --- | ---: | ---: | ---: | ---: |\n",
      markdown_text(comparison.groups[comparison.values.baseline].name));
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    for (std::size_t m = 0; !comparison.is_baseline(g) && m < comparison.all()[g].size(); ++m) {
      const eval::GroupMetric& value = comparison.all()[g][m];
      const eval::Interval& interval = value.difference.interval;
      text += fmt::format("| {} | {} | {:+.4f} | {} | {} | {} |\n",
                          markdown_text(comparison.groups[g].name),
                          comparison.values.metrics[m].name,
                          value.difference.value,
                          std::isfinite(interval.low)
                              ? fmt::format("{:+.4f} to {:+.4f}", interval.low, interval.high)
                              : "",
                          markdown_text(p_text(value.difference.p)),
                          markdown_text(p_text(value.p_adjusted)));
    }
  }
  return text + "\n";
}

std::string part_table(const Comparison& comparison, const std::string& kind) {
  const std::size_t metric = main_metric(comparison);
  std::string head = fmt::format("| {} by {} |", comparison.values.metrics[metric].name, kind);
  std::string rule = "| --- |";
  for (const eval::PartComparison& part : comparison.values.parts) {
    if (part.part.kind == kind) {
      head += fmt::format(" {} ({} users) |", part.part.label, part.part.users.size());
      rule += " ---: |";
    }
  }
  std::string text = head + "\n" + rule + "\n";
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    text += fmt::format("| {} |", markdown_text(comparison.groups[g].name));
    for (const eval::PartComparison& part : comparison.values.parts) {
      text += part.part.kind == kind ? fmt::format(" {:.4f} |", part.values[g][metric].summary.mean)
                                     : "";
    }
    text += "\n";
  }
  return text + "\n";
}

}  // namespace

std::string to_markdown(const Comparison& comparison) {
  std::string text = mean_table(comparison) + difference_table(comparison) +
                     part_table(comparison, "history") + part_table(comparison, "popularity");
  text += "Bold: the best; underlined: the second.";
  if (comparison.groups.size() > 1) {
    text += fmt::format(" \\* significantly better than {}, † significantly worse.",
                        markdown_text(comparison.groups[comparison.values.baseline].name));
  }
  for (const std::string& sentence : explanations_of(comparison)) {
    text += " " + markdown_text(sentence);
  }
  return text + "\n";
}

}  // namespace elastic::cli
