// The config and the data of an existing run directory.
#pragma once

#include <string>
#include <vector>

#include "cli/options/config_file.h"
#include "cli/options/option_table.h"
#include "cli/runs/run_data.h"
#include "data/split.h"

namespace elastic::cli {

/// Path of a file in the run directory.
std::string file_of(const std::string& run, const char* name);
/// The run in which `train --refit` searches the best epoch of `run`.
std::string search_folder(const std::string& run);
/// Declares the required argument RUN.
void declare_run(OptionTable& table, std::string& run);
/// Reads RUN/config.json. Throws CheckpointError that names the file if it is unusable.
ConfigLayer read_run_config(const std::string& run);
/// Sets the options of `table` that a run's config holds. Throws CheckpointError for a value of the
/// wrong type or outside the option's range or choices.
void set_from_run(OptionTable& table, const ConfigLayer& config);
/// Throws CheckpointError unless RUN/data.json describes the same data and split.
void check_same_data(const std::string& run, const RunData& data);
/// The same check for another run, but other data is a UsageError: the option names the wrong run.
void check_comparable(const char* option, const std::string& run, const RunData& data);
/// True if the run was trained on the same data with the same split, or with one that has the same
/// events of `subset`: runs with and without --refit validation have the same test events, and the
/// same histories before them. Throws CheckpointError for an unusable run.
bool has_same_events(const std::string& run, const RunData& data, data::Subset subset);
/// The value of --refit in RUN/config.json.
data::Refit refit_of(const std::string& run);
/// The present location of a run's data files, and the folder of its cache.
struct DataPlace {
  std::vector<std::string> data;  ///< empty: as in the run's config; also for the next two
  std::string valid_data;
  std::string test_data;
  std::string cache = "auto";
};
/// Declares --data, --valid-data, --test-data and --cache in the present group.
void declare_place(OptionTable& table, DataPlace& place);
/// The run's options of the data, which is now at `place`. Throws as read_data_again.
data::DataConfig config_of_data(const std::string& run, const DataPlace& place);
/// Reads the data of the run again. Throws CheckpointError for an unusable config or other data,
/// UsageError for the location of a file that the run does not use.
RunData read_data_again(const std::string& run, const DataPlace& place, const Notes& notes);

}  // namespace elastic::cli
