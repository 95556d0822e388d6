// The curves of a run: every series of numbers in its metrics.jsonl.
#pragma once

#include <string>

namespace elastic::cli {

/// Figures against epochs, and of the validation against time; "" for a run without any line. A
/// line that was cut short is passed over.
std::string run_curves(const std::string& metrics_path);

}  // namespace elastic::cli
