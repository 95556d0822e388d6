// `eval --fail-below`: results that a script will not accept.
#pragma once

#include <string>
#include <vector>

#include "eval/report.h"

namespace elastic::cli {

/// A metric and the least value it may have.
struct Gate {
  std::string metric;
  double least = 0.0;
};

/// Reads "NDCG@10=0.1,HR@10=0.2"; nothing for "". Throws UsageError for a metric that is not among
/// `metrics` (suggesting the nearest) or a value that is no number.
std::vector<Gate> parse_gates(const std::string& text, const std::vector<std::string>& metrics);

/// Throws GateError naming every metric below its gate.
void check_gates(const std::vector<Gate>& gates, const eval::Report& report);

}  // namespace elastic::cli
