// A warning before an evaluation that credits hits which `predict` never shows.
#pragma once

#include <string>
#include <vector>

#include "eval/ranking.h"
#include "eval/ranking_rules.h"

namespace elastic::cli {

/// The targets of a subset, "validation" or "test".
struct SubsetTargets {
  const char* subset;
  eval::TargetCounts counts;
};

/// A warning if `predict` leaves out seen items by default, the rules rank repeated targets, and
/// more than 2 % of the targets of one subset are repeated; else "".
std::string repeats_warning(const std::vector<SubsetTargets>& targets,
                            const eval::RankingRules& rules,
                            bool predict_filters_seen);

}  // namespace elastic::cli
