// The profile as a self-contained page: log-log plots, table, machine, build.
#include <algorithm>
#include <functional>
#include <utility>

#include "profile/report.h"
#include "report/page.h"
#include "report/plot.h"

namespace elastic::profile {
namespace {

using report::Series;

// One series per model in `phase`; rows without a positive value are left out.
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

report::Html log_log(const std::string& caption, std::vector<Series> series) {
  return report::figure({caption,
                         "history length, events",
                         report::Scale::kLog,
                         report::Scale::kLog,
                         std::move(series)});
}

report::Html plots(const Report& report) {
  report::Html html;
  for (const Phase phase : {Phase::kEncode, Phase::kServe, Phase::kTrain, Phase::kRank}) {
    const auto time =
        series_of(report.rows, phase, [](const Row& row) { return row.timing.ms_median; });
    const auto memory = series_of(report.rows, phase, [](const Row& row) {
      return (row.peak_bytes.activation + row.peak_bytes.workspace) / 1048576.0;
    });
    report::Html figures;
    figures << log_log("Time, ms (median)", time)
            << log_log("Activations and workspace, MiB", memory);
    html << report::section(choice_name(phase), report::plots(figures));
  }
  return html;
}

}  // namespace

std::string to_html(const Report& report) {
  report::Html body;
  body << report::note(
              "Time, memory and operations against the length of the history. Both axes are "
              "logarithmic.")
       << plots(report)
       << report::section("All measurements", report::from_markdown(to_markdown(report), 2))
       << report::section("Build", report::definitions(report.build));
  return report::page("elastic profile", body);
}

}  // namespace elastic::profile
