#include "cli/runs/gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/choice.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/split_list.h"
#include "cli/options/option_value.h"

namespace elastic::cli {
namespace {

constexpr const char* kBelow = "--fail-below";
constexpr const char* kWorse = "--fail-worse";

void check_metric(const char* flag,
                  const std::string& metric,
                  const std::vector<std::string>& known,
                  const eval::Cutoffs& cutoffs,
                  const char* further) {
  std::vector<std::string> values;
  for (const int k : cutoffs.values()) {
    values.push_back(concat(k));
  }
  if (std::find(known.begin(), known.end(), metric) == known.end()) {
    throw UsageError(flag,
                     ": no metric \"",
                     metric,
                     "\"; expected HR, NDCG, MRR or Recall at ",
                     alternatives(values),
                     ", as in --k",
                     further,
                     did_you_mean(metric, known));
  }
}

std::string joined(const char* flag, const std::vector<std::string>& failures) {
  std::string text;
  for (const std::string& failure : failures) {
    text += (text.empty() ? concat(flag, ": ") : "; ") + failure;
  }
  return text;
}

}  // namespace

Gates::Gates(const std::string& below,
             const std::string& worse,
             const std::vector<std::string>& candidates,
             const eval::Cutoffs& cutoffs) {
  const std::vector<std::string> known = eval::metric_names(candidates, cutoffs);
  for (const std::string& part : below.empty() ? std::vector<std::string>{} : split_list(below)) {
    const std::size_t equals = part.rfind('=');
    if (equals == std::string::npos) {
      throw UsageError(kBelow, ": expected METRIC=VALUE, as in NDCG@10=0.1, got \"", part, "\"");
    }
    Least gate{part.substr(0, equals)};
    check_metric(kBelow,
                 gate.metric,
                 known,
                 cutoffs,
                 ", and [uni:N] or [pop:N] after it for a metric of --sampled");
    set_from_text(&gate.value, part.substr(equals + 1), concat(kBelow, ": ", gate.metric));
    least_.push_back(gate);
  }
  for (const std::string& part : worse.empty() ? std::vector<std::string>{} : split_list(worse)) {
    check_metric(kWorse, part, eval::metric_names({}, cutoffs), cutoffs, "");
    compared_.push_back(part);
  }
}

void Gates::check(const eval::Report& report) const {
  std::vector<std::string> below;
  for (const Least& gate : least_) {
    const double value = eval::value_of(report, gate.metric);
    if (value < gate.value) {
      below.push_back(fmt::format("{} is {:.6f}, below {}", gate.metric, value, gate.value));
    }
  }
  std::vector<std::string> worse;
  for (const eval::Comparison& against : report.against) {
    for (std::size_t i = 0; i < against.differences.size(); ++i) {
      const eval::MetricValue& difference = against.differences[i];
      const eval::Interval& interval = against.intervals[i];
      if (interval.high < 0.0 &&
          std::find(compared_.begin(), compared_.end(), difference.name) != compared_.end()) {
        worse.push_back(fmt::format("{} is lower than that of {} by {:.6f} ({:.6f} to {:.6f})",
                                    difference.name,
                                    against.name,
                                    -difference.value,
                                    -interval.high,
                                    -interval.low));
      }
    }
  }
  if (!below.empty() || !worse.empty()) {
    const std::string separator = below.empty() || worse.empty() ? "" : "; ";
    throw GateError(joined(kBelow, below), separator, joined(kWorse, worse));
  }
}

}  // namespace elastic::cli
