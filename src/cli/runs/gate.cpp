#include "cli/runs/gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "base/split_list.h"
#include "cli/options/option_value.h"

namespace elastic::cli {
namespace {

constexpr const char* kFlag = "--fail-below";

Gate parse_gate(const std::string& text, const std::vector<std::string>& metrics) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) {
    throw UsageError(kFlag, ": expected METRIC=VALUE, as in NDCG@10=0.1, got \"", text, "\"");
  }
  Gate gate{text.substr(0, equals)};
  if (std::find(metrics.begin(), metrics.end(), gate.metric) == metrics.end()) {
    throw UsageError(kFlag,
                     ": no metric \"",
                     gate.metric,
                     "\"; expected HR, NDCG, MRR or Recall at 1, 5, 10, 20 or 50, and [uni:N] or "
                     "[pop:N] after it for a metric of --sampled",
                     did_you_mean(gate.metric, metrics));
  }
  set_from_text(&gate.least, text.substr(equals + 1), concat(kFlag, ": ", gate.metric));
  return gate;
}

}  // namespace

std::vector<Gate> parse_gates(const std::string& text, const std::vector<std::string>& metrics) {
  std::vector<Gate> gates;
  if (!text.empty()) {
    for (const std::string& part : split_list(text)) {
      gates.push_back(parse_gate(part, metrics));
    }
  }
  return gates;
}

void check_gates(const std::vector<Gate>& gates, const eval::Report& report) {
  std::string failed;
  for (const Gate& gate : gates) {
    const double value = eval::value_of(report, gate.metric);
    if (value < gate.least) {
      failed += fmt::format(
          "{}{} is {:.6f}, below {}", failed.empty() ? "" : "; ", gate.metric, value, gate.least);
    }
  }
  if (!failed.empty()) {
    throw GateError(kFlag, ": ", failed);
  }
}

}  // namespace elastic::cli
