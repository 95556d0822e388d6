// What a run directory says about itself, for the commands that use it again.
#pragma once

#include <string>

#include "cli/options/config_file.h"
#include "cli/options/option_table.h"
#include "cli/runs/run_data.h"

namespace elastic::cli {

/// Declares the argument RUN, required.
void declare_run(OptionTable& table, std::string& run);
/// RUN/config.json. Throws CheckpointError naming the file.
ConfigLayer read_run_config(const std::string& run);
/// Throws CheckpointError unless RUN/data.json tells of the same data and split.
void check_same_data(const std::string& run, const RunData& data);
/// The same for a run to compare with: other data is a UsageError, since the option names the wrong
/// run.
void check_comparable(const std::string& run, const RunData& data);
/// Where a run's data is now, and is kept parsed.
struct DataPlace {
  std::string data;  ///< "": where it was trained on it; so the others
  std::string valid_data;
  std::string test_data;
  std::string cache = "auto";
};
/// Declares --data, --valid-data, --test-data and --cache in the present group.
void declare_place(OptionTable& table, DataPlace& place);
/// Reads the data of the run again. Throws CheckpointError for an unusable config or other data,
/// UsageError for a place of a file that the run has not.
RunData read_data_again(const std::string& run, const DataPlace& place, const Notes& notes);

}  // namespace elastic::cli
