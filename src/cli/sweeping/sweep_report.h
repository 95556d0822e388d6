// SWEEP/report.html: the choice, the validation metric against each option, learning curves.
#pragma once

#include <string>

#include "cli/sweeping/sweep_folder.h"
#include "cli/sweeping/sweep_table.h"

namespace elastic::cli {

/// The page of the sweep in `folder`. Throws CheckpointError if a run is unusable.
std::string sweep_report(const SweepResult& sweep, const SweepFolder& folder);

}  // namespace elastic::cli
