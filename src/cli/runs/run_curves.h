// The curves of a run, from the numbers in its metrics.jsonl.
#pragma once

#include <string>

#include "report/html.h"

namespace elastic::cli {

/// The validation metric of curves against time.
inline constexpr const char* kShownMetric = "NDCG@10";

/// Figures of `metrics`, the content of the file: all series against epochs, and the validation
/// metric against time; empty if there are no lines. An incomplete last line is skipped.
report::Html run_curves(const std::string& metrics);

}  // namespace elastic::cli
