// The learning curves of compared runs, from their metrics.jsonl.
#pragma once

#include <vector>

#include "cli/comparing/run_groups.h"
#include "report/html.h"

namespace elastic::cli {

/// Figures of the validation metric that selects the epoch, against epochs and against time: a thin
/// line for each run in the colour of its group, and the mean of each group against epochs, as far
/// as all of its runs got. Runs without metrics.jsonl are left out; empty if none is left.
report::Html group_curves(const std::vector<RunGroup>& groups);

}  // namespace elastic::cli
