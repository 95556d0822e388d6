// The report of an evaluation as a table for people.
#pragma once

#include <string>

#include "eval/report.h"

namespace elastic::cli {

/// Lines of text: metrics by cutoff of model and popularity, intervals, catalogue coverage, metrics
/// of new and of repeated targets, by history length and by item popularity, sampled metrics,
/// comparisons, protocol.
std::string metrics_table(const eval::Report& report);

}  // namespace elastic::cli
