#include "cli/runs/run_curves.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "data/json_document.h"
#include "report/page.h"
#include "report/plot.h"
#include "train/tensorboard.h"
#include "train/trainer.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// Counters, not plotted: they only grow or never change.
const std::set<std::string> counters{"epoch",
                                     "examples",
                                     "tokens",
                                     "tokens_read",
                                     "targets",
                                     "epoch_steps",
                                     "epoch_examples",
                                     "epoch_tokens",
                                     "epoch_targets",
                                     "total_steps",
                                     "total_tokens",
                                     "total_targets",
                                     "repeated_targets",
                                     "elapsed_s"};
const std::map<std::string, std::string> captions{
    {"epoch/loss", "Training loss"},
    {"epoch/learning_rate", "Learning rate"},
    {"epoch/seconds", "Seconds of an epoch"},
    {"epoch/tokens_per_s", "Tokens per second"},
    {"evaluation/seconds", "Seconds of a validation"}};

// The figure of a series. "evaluation/HR@5" shares one with "evaluation/HR@10", "x/use/0" with
// "x/use/1".
std::string group_of(const std::string& tag) {
  const std::size_t slash = tag.rfind('/');
  const bool indexed = tag.find_first_not_of("0123456789", slash + 1) == std::string::npos;
  return indexed ? tag.substr(0, slash) : tag.substr(0, tag.find('@'));
}

std::string caption_of(const std::string& group) {
  const auto known = captions.find(group);
  if (known != captions.end()) {
    return known->second;
  }
  const std::size_t slash = group.find('/');
  const std::string event = group.substr(0, slash);
  const std::string name = group.substr(slash + 1);
  return event == "evaluation" ? "Validation " + name
         : event == "epoch"    ? "Training " + name
                               : event + " " + name;
}

// One figure per group, in the order of their first points.
class Figures {
 public:
  explicit Figures(std::optional<double> best_epoch) {
    if (best_epoch) {
      mark_ = {*best_epoch, "best epoch"};
    }
  }
  void add(const std::string& tag, double x, double y) {
    const std::string group = group_of(tag);
    auto found = std::find_if(
        plots_.begin(), plots_.end(), [&](const auto& plot) { return plot.first == group; });
    if (found == plots_.end()) {
      plots_.push_back({group, {caption_of(group), "epoch", {}, {}, {}, {}, mark_}});
      found = plots_.end() - 1;
    }
    const std::string name = tag.substr(tag.find('/') + 1);
    auto& all = found->second.series;
    auto series =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
    if (series == all.end()) {
      all.push_back({name, {}});
      series = all.end() - 1;
    }
    series->points.emplace_back(x, y);
  }
  [[nodiscard]] report::Html to_html() const {
    report::Html html;
    for (const auto& [group, plot] : plots_) {
      html << report::figure(plot);
    }
    return html;
  }

 private:
  std::optional<std::pair<double, std::string>> mark_;
  std::vector<std::pair<std::string, report::Plot>> plots_;
};

}  // namespace

report::Html run_curves(const std::string& metrics, std::optional<double> best_epoch) {
  Figures figures(best_epoch);
  report::Plot against_time{
      std::string("Validation ") + kShownMetric + " against time", "minutes", {}, {}, {{}}};
  against_time.series[0].name = kShownMetric;
  std::istringstream file(metrics);
  for (std::string line; std::getline(file, line);) {
    const ordered_json event = data::parse_json(line);
    if (!event.is_object()) {
      continue;
    }
    const double epoch = event.value("epoch", 0.0);
    for (const auto& [tag, value] : train::scalars_of(event)) {
      if (!counters.contains(tag.substr(tag.find('/') + 1))) {
        figures.add(tag, epoch, value);
      }
    }
    if (event.contains(kShownMetric) && event.contains("elapsed_s")) {
      against_time.series[0].points.emplace_back(event["elapsed_s"].get<double>() / 60.0,
                                                 event[kShownMetric].get<double>());
    }
  }
  report::Html html;
  html << figures.to_html() << report::figure(against_time);
  return report::plots(html);
}

}  // namespace elastic::cli
