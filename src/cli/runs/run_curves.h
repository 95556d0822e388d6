// The curves of a run, from the numbers in its metrics.jsonl.
#pragma once

#include <string>

namespace elastic::cli {

/// Figures in HTML: all series against epochs, and the validation metric against time; "" if the
/// file has no lines. An incomplete last line is skipped.
std::string run_curves(const std::string& metrics_path);

}  // namespace elastic::cli
