// The curves of a run, from the numbers in its metrics.jsonl.
#pragma once

#include <optional>
#include <string>

#include "report/html.h"

namespace elastic::cli {

/// The validation metric of curves against time.
inline constexpr const char* kShownMetric = "NDCG@10";

/// Figures of `metrics`, the content of the file: all series against epochs, with a mark at the
/// best one if it is given, and the validation metric against time; empty if there are no lines. An
/// incomplete last line is skipped.
report::Html run_curves(const std::string& metrics, std::optional<double> best_epoch);

}  // namespace elastic::cli
