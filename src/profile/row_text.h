// Rows and their numbers in Markdown and messages.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/profiler.h"
#include "profile/spread.h"

namespace elastic::profile {

/// The model's name, with its variant if the workload is not the default one, and a mark if another
/// program measured the row.
std::string series_name(const Row& row);
/// The series, phase, length and batch: "softmax, no shortcut, serve, length 256, batch 16".
std::string row_name(const Row& row);

/// About four significant digits; no exponent.
std::string number(double value);
std::string mebibytes(double bytes);
/// "1.020 to 1.070"; "-" if there is none.
std::string interval_text(const std::optional<Interval>& interval);
/// "| a | b |" with a line end.
std::string markdown_row(const std::vector<std::string>& cells);

}  // namespace elastic::profile
