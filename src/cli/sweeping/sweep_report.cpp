#include "cli/sweeping/sweep_report.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/runs/validations.h"
#include "report/page.h"
#include "report/plot.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// More curves would not be distinguishable.
constexpr std::size_t kMostCurves = 7;
// Numbers over a wider range than this have a logarithmic axis.
constexpr double kWide = 20.0;

using Points = std::vector<std::pair<double, double>>;

// The trainings of every configuration as points (value of the option, score). Values that are not
// numbers are placed at 1, 2, .. in the order of their text.
report::Plot option_plot(const SweepResult& sweep, const std::string& key) {
  std::vector<std::string> texts;
  bool numbers = true;
  for (const CandidateResult& result : sweep.results) {
    const ordered_json& settings = sweep.candidate(result).settings;
    if (settings.contains(key)) {
      numbers = numbers && settings[key].is_number();
      texts.push_back(setting_text(settings, key));
    }
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  report::Plot plot{"Validation " + sweep.grid->metric() + " and " + key,
                    key,
                    report::Scale::kLinear,
                    report::Scale::kLinear,
                    {{.name = "one training", .points = {}, .connected = false}}};
  Points& points = plot.series[0].points;
  for (const CandidateResult& result : sweep.results) {
    const ordered_json& settings = sweep.candidate(result).settings;
    if (!settings.contains(key)) {
      continue;
    }
    const auto place = std::find(texts.begin(), texts.end(), setting_text(settings, key));
    const double x =
        numbers ? settings[key].get<double>() : static_cast<double>(place - texts.begin()) + 1.0;
    for (const SeedResult& one : result.seeds) {
      if (one.outcome) {
        points.emplace_back(x, one.outcome->score);
      }
    }
  }
  std::sort(points.begin(), points.end());
  if (!numbers) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      plot.x_labels.emplace_back(static_cast<double>(i) + 1.0, texts[i]);
    }
  } else if (!points.empty() && points.front().first > 0.0 &&
             points.back().first / points.front().first > kWide) {
    plot.x_scale = report::Scale::kLog;
    for (const auto& [x, score] : points) {
      plot.x_labels.emplace_back(x, fmt::format("{:.3g}", x));
    }
  }
  return plot;
}

// The validations of the best configurations' first seeds.
report::Plot curves_plot(const SweepResult& sweep, const SweepFolder& folder) {
  report::Plot plot{fmt::format("Validation {} of the best configurations, seed {}",
                                sweep.grid->metric(),
                                sweep.grid->seeds().front()),
                    "epoch",
                    {},
                    {},
                    {}};
  for (std::size_t place = 0; place < std::min(kMostCurves, sweep.results.size()); ++place) {
    const SeedResult& first = sweep.results[place].seeds.front();
    Points points;
    for (const Validation& one : read_validations(folder.run(first.name))) {
      if (one.metrics.contains(sweep.grid->metric())) {
        points.emplace_back(static_cast<double>(one.epoch),
                            one.metrics[sweep.grid->metric()].get<double>());
      }
    }
    plot.series.push_back({fmt::format("place {}", place + 1), std::move(points)});
  }
  return plot;
}

report::Html test_section(const SweepResult& sweep) {
  report::Html html;
  if (!sweep.test) {
    return html;
  }
  html << report::note(
      "The test split was evaluated for the best configuration only; all choices are those of the "
      "validation.");
  for (const std::string& other : sweep.test->others) {
    html << report::note("An earlier call chose, and evaluated on the test: " + other);
  }
  if (!sweep.test->failure.empty()) {
    html << report::note("The evaluation on the test failed: " + sweep.test->failure);
  }
  report::Table table{{"metric", "mean", "standard deviation"}, {}, 1};
  for (const auto& [name, value] : sweep.test->metrics) {
    if (name.starts_with("Recall")) {
      continue;  // equals HR
    }
    table.rows.push_back({name,
                          fmt::format("{:.4f}", value.mean),
                          value.deviation ? fmt::format("{:.4f}", *value.deviation) : ""});
  }
  return html << report::to_html(table);
}

report::Html configurations_table(const SweepResult& sweep) {
  const TextTable rows = table_rows(sweep, /*exact=*/false);
  report::Table table{rows.front(), {rows.begin() + 1, rows.end()}, 1 + sweep.keys.size()};
  table.head.front() = "place";
  return report::to_html(table);
}

report::Html failures(const SweepResult& sweep) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const CandidateResult& result : sweep.results) {
    for (const SeedResult& one : result.seeds) {
      if (!one.outcome && !one.failure.empty()) {
        entries.emplace_back(one.name, one.failure);
      }
    }
  }
  return report::definitions(entries);
}

}  // namespace

std::string sweep_report(const SweepResult& sweep, const SweepFolder& folder) {
  report::Html body;
  body << report::note(fmt::format("search {}, {} configurations, seeds {}, {} trainings left out",
                                   sweep.search,
                                   sweep.results.size(),
                                   fmt::join(sweep.grid->seeds(), ","),
                                   sweep.num_left_out()));
  if (sweep.has_choice()) {
    std::vector<std::pair<std::string, std::string>> best;
    for (const auto& [key, value] : sweep.candidate(sweep.results.front()).settings.items()) {
      best.emplace_back(key, setting_text(sweep.candidate(sweep.results.front()).settings, key));
    }
    body << report::section("Best configuration", report::definitions(best));
  }
  report::Html options;
  for (const std::string& key : sweep.keys) {
    options << report::figure(option_plot(sweep, key));
  }
  body << report::section("Test", test_section(sweep))
       << report::section("Configurations", configurations_table(sweep))
       << report::section("Options", report::plots(options))
       << report::section("Learning curves",
                          report::plots(report::figure(curves_plot(sweep, folder))))
       << report::section("Failures", failures(sweep));
  return report::page("elastic sweep: " + folder.path(), body);
}

}  // namespace elastic::cli
