// RUN...: the runs that a command compares, given as runs or as folders of runs.
#pragma once

#include <string>
#include <vector>

#include "cli/runs/run_data.h"

namespace elastic::cli {

/// The finished runs of `arguments`, each once, in their order. A folder that is no run yields
/// the runs in it and in its folder runs/, in the order of their names. Notes name the files and
/// the unfinished runs that are left out. Throws UsageError for a path that does not exist, a
/// folder without runs, and if no finished run is left.
std::vector<std::string> find_runs(const std::vector<std::string>& arguments, const Notes& notes);

/// The first run of `arguments`, finished or not; "" if there is none.
std::string first_run(const std::vector<std::string>& arguments);

}  // namespace elastic::cli
