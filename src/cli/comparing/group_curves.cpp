#include "cli/comparing/group_curves.h"

#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "base/input_file.h"
#include "cli/runs/run_curves.h"
#include "cli/runs/run_files.h"
#include "data/json_document.h"
#include "report/page.h"
#include "report/plot.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;
using Points = std::vector<std::pair<double, double>>;

// The validation metric of a run, by epochs and by minutes.
struct Curve {
  Points by_epoch;
  Points by_time;
};

bool has_number(const ordered_json& event, const char* key) {
  return event.contains(key) && event[key].is_number();
}

Curve read_curve(const std::string& run) {
  Curve curve;
  const std::string path = file_of(run, "metrics.jsonl");
  if (!is_present(path)) {
    return curve;
  }
  std::istringstream file(read_whole_file(path));
  for (std::string line; std::getline(file, line);) {
    const ordered_json event = data::parse_json(line);
    if (!event.is_object() || !has_number(event, kShownMetric)) {
      continue;
    }
    const auto value = event[kShownMetric].get<double>();
    if (has_number(event, "epoch")) {
      curve.by_epoch.emplace_back(event["epoch"].get<double>(), value);
    }
    if (has_number(event, "elapsed_s")) {
      curve.by_time.emplace_back(event["elapsed_s"].get<double>() / 60.0, value);
    }
  }
  return curve;
}

// The mean at the epochs that all curves have.
Points mean_by_epoch(const std::vector<Curve>& curves) {
  std::map<double, std::pair<double, std::size_t>> sums;
  for (const Curve& curve : curves) {
    for (const auto& [epoch, value] : curve.by_epoch) {
      sums[epoch].first += value;
      ++sums[epoch].second;
    }
  }
  Points points;
  for (const auto& [epoch, sum] : sums) {
    if (sum.second == curves.size()) {
      points.emplace_back(epoch, sum.first / static_cast<double>(sum.second));
    }
  }
  return points;
}

}  // namespace

report::Html group_curves(const std::vector<RunGroup>& groups) {
  const std::string name = kShownMetric;
  report::Plot by_epoch{
      "Validation " + name + ": means of the groups, thin: runs", "epoch", {}, {}, {}};
  report::Plot by_time{"Validation " + name + " against time", "minutes", {}, {}, {}};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const int colour = static_cast<int>(g);
    std::vector<Curve> curves;
    for (const ComparedRun& run : groups[g].runs) {
      curves.push_back(read_curve(run.path));
      const bool first = curves.size() == 1;
      by_epoch.series.push_back({run.path, curves.back().by_epoch, colour, true});
      // The legend names the group at its first run.
      by_time.series.push_back(
          {first ? groups[g].name : run.path, curves.back().by_time, colour, !first});
    }
    by_epoch.series.push_back({groups[g].name, mean_by_epoch(curves), colour});
  }
  report::Html html;
  html << report::figure(by_epoch) << report::figure(by_time);
  return report::plots(html);
}

}  // namespace elastic::cli
