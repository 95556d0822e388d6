// A comparison for people, on a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/visible_text.h"
#include "cli/comparing/comparison.h"

namespace elastic::cli {
namespace {

std::string shown_name(const Comparison& comparison, std::size_t group) {
  return visible(comparison.groups[group].name) +
         (comparison.is_baseline(group) && comparison.groups.size() > 1 ? " (baseline)" : "");
}

std::size_t name_width(const Comparison& comparison) {
  std::size_t width = 12;
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    width = std::max(width, shown_name(comparison, g).size());
  }
  return width + 2;
}

// "0.1234 (0.0012)", without the deviation for a single seed.
std::string mean_cell(const eval::SeedSummary& summary, std::size_t seeds) {
  return seeds < 2 ? fmt::format("{:.4f}", summary.mean)
                   : fmt::format("{:.4f} ({:.4f})", summary.mean, summary.deviation);
}

std::string mean_rows(const Comparison& comparison, std::size_t width) {
  std::string text = fmt::format("{:<{}}{:>6}", "group", width, "seeds");
  for (const eval::UserMetric& metric : comparison.values.metrics) {
    text += fmt::format("{:>18}", metric.name);
  }
  text += "\n";
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    const std::size_t seeds = comparison.values.seeds[g];
    text += fmt::format("{:<{}}{:>6}", shown_name(comparison, g), width, seeds);
    for (const eval::GroupMetric& metric : comparison.all()[g]) {
      text += fmt::format("{:>18}", mean_cell(metric.summary, seeds));
    }
    text += "\n";
  }
  return text;
}

std::string interval_cells(const eval::Interval& interval) {
  return std::isfinite(interval.low)
             ? fmt::format("{:>+10.4f}{:>+10.4f}", interval.low, interval.high)
             : fmt::format("{:>10}{:>10}", "-", "-");
}

std::string difference_rows(const Comparison& comparison, std::size_t width) {
  if (comparison.groups.size() < 2) {
    return "";
  }
  std::string text = fmt::format("\n{:<{}}{:<12}{:>10}{:>10}{:>10}{:>10}{:>12}  covers\n",
                                 "minus baseline",
                                 width,
                                 "metric",
                                 "difference",
                                 "95 % from",
                                 "to",
                                 "p",
                                 "adjusted p");
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    if (comparison.is_baseline(g)) {
      continue;
    }
    for (std::size_t m = 0; m < comparison.values.metrics.size(); ++m) {
      const eval::GroupMetric& value = comparison.all()[g][m];
      text += fmt::format("{:<{}}{:<12}{:>+10.4f}{}{:>10}{:>11}{}  {}\n",
                          m == 0 ? visible(comparison.groups[g].name) : "",
                          width,
                          comparison.values.metrics[m].name,
                          value.difference.value,
                          interval_cells(value.difference.interval),
                          p_text(value.difference.p),
                          p_text(value.p_adjusted),
                          value.significant ? "*" : " ",
                          words_of(value.difference.covers));
    }
  }
  return text;
}

// A column for each bucket, with the main metric of each group.
std::string part_rows(const Comparison& comparison, const std::string& kind, std::size_t width) {
  const std::size_t metric = main_metric(comparison);
  const auto row = [&](const std::string& name, const auto& cell) {
    std::string text = fmt::format("{:<{}}", name, width);
    for (const eval::PartComparison& part : comparison.values.parts) {
      text += part.part.kind == kind ? fmt::format("{:>13}", cell(part)) : "";
    }
    return text + "\n";
  };
  std::string text = "\n";
  text += row(fmt::format("{} by {}", comparison.values.metrics[metric].name, kind),
              [](const eval::PartComparison& part) { return part.part.label; });
  text += row("users", [](const eval::PartComparison& part) {
    return fmt::format("{}", part.part.users.size());
  });
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    text += row(shown_name(comparison, g), [&](const eval::PartComparison& part) {
      return fmt::format("{:.4f}", part.values[g][metric].summary.mean);
    });
  }
  return text;
}

std::string run_rows(const Comparison& comparison, std::size_t width) {
  std::string text = fmt::format("\n{:<{}}run\n", "group", width);
  for (const RunGroup& group : comparison.groups) {
    bool first = true;
    for (const ComparedRun& run : group.runs) {
      text += fmt::format("{:<{}}{} (seed {})\n",
                          first ? visible(group.name) : "",
                          width,
                          visible(run.path),
                          run.seed);
      first = false;
    }
  }
  return text;
}

}  // namespace

std::string to_table(const Comparison& comparison) {
  const std::size_t width = std::max<std::size_t>(name_width(comparison), 24);
  std::string text = mean_rows(comparison, width) + difference_rows(comparison, width);
  text += part_rows(comparison, "history", width) + part_rows(comparison, "popularity", width);
  text += run_rows(comparison, width) + "\n";
  for (const std::string& sentence : explanations_of(comparison)) {
    text += visible(sentence) + "\n";
  }
  return text;
}

}  // namespace elastic::cli
