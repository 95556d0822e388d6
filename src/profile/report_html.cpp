// The profile as a self-contained page: log-log plots, table, machine, build.
#include <algorithm>
#include <functional>
#include <utility>

#include "base/error.h"
#include "base/visible_text.h"
#include "profile/report.h"
#include "profile/row_text.h"
#include "report/interval_plot.h"
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
    const auto memory = series_of(
        report.rows, phase, [](const Row& row) { return growing_bytes(row) / 1048576.0; });
    report::Html figures;
    figures << log_log("Time, ms (median)", time)
            << log_log("Activations and workspace, MiB", memory);
    html << report::section(choice_name(phase), report::plots(figures));
  }
  return html;
}

// The changes of time against an earlier profile.
report::Html changes(const Report& report) {
  report::IntervalPlot plot;
  plot.caption = "Change of the time with the interval of 95 %";
  plot.x_label = "change, %";
  for (std::size_t i = 0; report.comparison && i < report.rows.size(); ++i) {
    const std::optional<Ratio>& time = report.comparison->changes[i].time;
    if (time && time->interval) {
      const auto percent = [](double ratio) { return 100.0 * (ratio - 1.0); };
      const auto& [low, high] = *time->interval;
      plot.rows.push_back({row_name(report.rows[i]),
                           concat("x", number(time->value)),
                           percent(time->value),
                           percent(low),
                           percent(high),
                           low > 1.0 || high < 1.0});
    }
  }
  return plot.rows.empty()
             ? report::Html()
             : report::section("Against " + visible(report.comparison->file), report::figure(plot));
}

}  // namespace

std::string to_html(const Report& report) {
  report::Html body;
  body << report::note(
              "Time, memory and operations against the length of the history. Both axes are "
              "logarithmic.")
       << plots(report) << changes(report)
       << report::section("All measurements", report::from_markdown(to_markdown(report), 2))
       << report::section("Build", report::definitions(report.build));
  return report::page("elastic profile", body);
}

}  // namespace elastic::profile
