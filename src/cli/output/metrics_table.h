// A result for people.
#pragma once

#include <string>

#include "eval/report.h"

namespace elastic::cli {

/// Several lines: metrics by cutoff with popularity below, intervals, history lengths, protocol.
std::string metrics_table(const eval::Report& report);

}  // namespace elastic::cli
