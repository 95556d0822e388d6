// The rankings of all runs of a comparison, on the same data, split and users.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/comparing/run_groups.h"
#include "cli/output/progress_line.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/run_data.h"
#include "eval/group_comparison.h"

namespace elastic::cli {

struct RankedRuns {
  std::vector<eval::RankedGroup> groups;  ///< in the order of the RunGroups
  std::vector<eval::UserPart> parts;      ///< of the users
  std::int64_t users = 0;
  bool trained_on_validation = false;  ///< all runs, with --refit validation
};

/// Throws UsageError with the reason if a run was trained on other data or another split than
/// `data`, or on the events of the subset.
void check_runs(const std::vector<RunGroup>& groups, const RunData& data, data::Subset subset);

/// Loads and ranks one run after the other. Throws CheckpointError for an unusable run, DataError
/// if there is no user to evaluate.
RankedRuns rank_runs(const std::vector<RunGroup>& groups,
                     const EvaluationTask& task,
                     Device device,
                     ProgressLine& line);

}  // namespace elastic::cli
