// A comparison as a self-contained page.
#include <fmt/format.h>

#include <cmath>

#include "cli/comparing/comparison.h"
#include "cli/comparing/group_curves.h"
#include "report/interval_plot.h"
#include "report/page.h"

namespace elastic::cli {
namespace {

std::string mean_text(const Comparison& comparison,
                      std::size_t group,
                      const eval::SeedSummary& summary) {
  return comparison.values.seeds[group] < 2
             ? fmt::format("{:.4f}", summary.mean)
             : fmt::format("{:.4f} ± {:.4f}", summary.mean, summary.deviation);
}

std::string interval_text(const eval::Difference& difference) {
  return std::isfinite(difference.interval.low) ? fmt::format("{:+.4f} ({:+.4f} to {:+.4f})",
                                                              difference.value,
                                                              difference.interval.low,
                                                              difference.interval.high)
                                                : fmt::format("{:+.4f}", difference.value);
}

report::Html means_section(const Comparison& comparison) {
  report::Table table{{"group", "seeds"}, {}, 1};
  for (const eval::UserMetric& metric : comparison.values.metrics) {
    table.head.push_back(metric.name);
  }
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    std::vector<std::string> row{
        comparison.groups[g].name +
            (comparison.is_baseline(g) && comparison.groups.size() > 1 ? " (baseline)" : ""),
        fmt::format("{}", comparison.values.seeds[g])};
    for (const eval::GroupMetric& metric : comparison.all()[g]) {
      row.push_back(mean_text(comparison, g, metric.summary));
    }
    table.rows.push_back(row);
  }
  return report::section("Means over seeds, with standard deviations", report::to_html(table));
}

report::Html difference_figures(const Comparison& comparison) {
  report::Html figures;
  for (std::size_t m = 0; m < comparison.values.metrics.size(); ++m) {
    const std::string& name = comparison.values.metrics[m].name;
    report::IntervalPlot plot{
        name, name + " minus " + comparison.groups[comparison.values.baseline].name, {}};
    for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
      if (!comparison.is_baseline(g)) {
        const eval::GroupMetric& value = comparison.all()[g][m];
        const eval::Difference& difference = value.difference;
        plot.rows.push_back(
            {comparison.groups[g].name,
             fmt::format("{}, adjusted p {}", interval_text(difference), p_text(value.p_adjusted)),
             difference.value,
             difference.interval.low,
             difference.interval.high,
             value.significant});
      }
    }
    figures << report::figure(plot);
  }
  return figures;
}

report::Html differences_section(const Comparison& comparison) {
  if (comparison.groups.size() < 2) {
    return {};
  }
  report::Html html;
  html << report::note("Discs are significant after the adjustment, rings are not.")
       << report::plots(difference_figures(comparison));
  return report::section("Differences to " + comparison.groups[comparison.values.baseline].name,
                         html);
}

// A table for each metric: a row for each bucket and group.
report::Html parts_section(const Comparison& comparison,
                           const std::string& kind,
                           const std::string& heading) {
  report::Html html;
  for (std::size_t m = 0; m < comparison.values.metrics.size(); ++m) {
    report::Table table{{kind == "history" ? "events before" : "held-out item",
                         "group",
                         "users",
                         comparison.values.metrics[m].name},
                        {},
                        2};
    if (comparison.groups.size() > 1) {
      table.head.push_back("difference, 95 % interval");
    }
    for (const eval::PartComparison& part : comparison.values.parts) {
      for (std::size_t g = 0; part.part.kind == kind && g < comparison.groups.size(); ++g) {
        const eval::GroupMetric& value = part.values[g][m];
        std::vector<std::string> row{g == 0 ? part.part.label : "",
                                     comparison.groups[g].name,
                                     fmt::format("{}", part.part.users.size()),
                                     mean_text(comparison, g, value.summary)};
        if (comparison.groups.size() > 1) {
          row.push_back(comparison.is_baseline(g) ? "" : interval_text(value.difference));
        }
        table.rows.push_back(row);
      }
    }
    html << report::to_html(table);
  }
  return report::section(heading, html);
}

report::Html runs_section(const Comparison& comparison) {
  report::Table table{{"group", "run", "seed"}, {}, 2};
  for (const RunGroup& group : comparison.groups) {
    for (const ComparedRun& run : group.runs) {
      table.rows.push_back({group.name, run.path, fmt::format("{}", run.seed)});
    }
  }
  return report::section("Runs", report::to_html(table));
}

}  // namespace

std::string to_page(const Comparison& comparison) {
  report::Html body;
  body << means_section(comparison) << differences_section(comparison);
  for (const std::string& sentence : explanations_of(comparison)) {
    body << report::note(sentence);
  }
  body << report::section("Learning curves", group_curves(comparison.groups))
       << parts_section(comparison, "history", "By length of the history")
       << parts_section(comparison, "popularity", "By popularity of the held-out item")
       << runs_section(comparison);
  return report::page("elastic: comparison of runs", body);
}

}  // namespace elastic::cli
