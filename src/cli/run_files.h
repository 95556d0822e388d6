// What a run directory says about itself, for the commands that use it again.
#pragma once

#include <string>

#include "cli/command.h"
#include "cli/run_data.h"

namespace elastic::cli {

/// RUN/config.json. Throws CheckpointError naming the file.
ConfigLayer read_run_config(const std::string& run);
/// Throws CheckpointError unless RUN/data.json tells of the same data and split.
void check_same_data(const std::string& run, const RunData& data);
/// The same for a run to compare with: other data is a UsageError, since the option names the wrong
/// run.
void check_comparable(const std::string& run, const RunData& data);
/// Reads the data of the run again, from `path` where that is not empty. Throws CheckpointError for
/// an unusable config or other data.
RunData read_data_again(const std::string& run, const std::string& path, const Notes& notes);

}  // namespace elastic::cli
