// `eval --fail-below`: the minimum values of metrics that a script accepts.
#pragma once

#include <string>
#include <vector>

#include "eval/report.h"

namespace elastic::cli {

/// A metric and its least accepted value.
struct Gate {
  std::string metric;
  double least = 0.0;
};

/// Parses "NDCG@10=0.1,HR@10=0.2"; "" gives no gates. Throws UsageError for a metric that is not in
/// `metrics`, with the nearest one, or a value that is not a number.
std::vector<Gate> parse_gates(const std::string& text, const std::vector<std::string>& metrics);

/// Throws GateError that lists every metric below its gate.
void check_gates(const std::vector<Gate>& gates, const eval::Report& report);

}  // namespace elastic::cli
