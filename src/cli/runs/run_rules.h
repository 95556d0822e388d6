// The rules of a run's rankings, which `eval` and `predict` take over from its training.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options/config_file.h"
#include "cli/options/option_table.h"
#include "eval/ranking_rules.h"

namespace elastic::cli {

/// Declares --k, the cutoffs of the metrics as eval::Cutoffs::parse reads them.
void declare_cutoffs(OptionTable& table, std::string& k);
/// Marks a declared option as a rule: without a variable or a flag it has the run's value.
void take_from_run(Option& option);
/// True if a variable or a flag of the call has set the rule.
bool is_set_by_call(const Option& option, const std::string& run);
/// The rules in RUN/config.json; defaults for those that it lacks, and without this file. Throws
/// CheckpointError that names the file if it is unusable.
eval::RankingRules read_run_rules(const std::string& run);
/// The rules `keys` in RUN/config.json, as a layer below variables and flags; none without this
/// file. Throws CheckpointError like read_run_rules.
std::optional<ConfigLayer> run_rules_layer(const std::string& run,
                                           const std::vector<std::string>& keys);

}  // namespace elastic::cli
