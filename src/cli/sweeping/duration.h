// Spans of time on the command line: 90s, 45m, 2h, 1h30m, 1d.
#pragma once

#include <string>

namespace elastic::cli {

/// The span in seconds. Throws UsageError naming `flag` for any other form and for a span of 0.
double parse_duration(const std::string& flag, const std::string& text);

}  // namespace elastic::cli
