// Groups of runs: those that differ in the seed only, or that share the chosen options.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/runs/run_data.h"

namespace elastic::cli {

/// A run, with the options that decide about its model.
struct ComparedRun {
  std::string path;
  std::uint64_t seed = 0;
  /// Without seed, data (equal by its hashes), options that the model does not read, and those that
  /// leave the result as it is. Options that an older run lacks have their defaults.
  nlohmann::ordered_json options;
};

struct RunGroup {
  std::string name;
  nlohmann::ordered_json options;  ///< in which the groups differ, with this group's values
  std::vector<ComparedRun> runs;
};

/// Reads RUN/config.json. Throws CheckpointError that names the file if it is unusable.
ComparedRun read_compared_run(const std::string& run);

/// The groups, in the order of their first runs. `group_by` names the options that form them: a
/// list separated by commas, "" for all. A group is named by the values in which groups differ:
/// that of `model` alone, others as "num_experts=16"; a single group by its model. A note names the
/// options in which runs of a group differ. Throws UsageError for an unknown option, and for two
/// runs that are one training: the same options and seed.
std::vector<RunGroup> group_runs(const std::vector<ComparedRun>& runs,
                                 const std::string& group_by,
                                 const Notes& notes);

/// The position of the group `name`, 0 for "". Throws UsageError that suggests the nearest name.
std::size_t find_group(const std::vector<RunGroup>& groups, const std::string& name);

}  // namespace elastic::cli
