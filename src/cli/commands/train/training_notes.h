// Remarks of `train`, in one line each.
#pragma once

#include <string>

#include "data/split.h"
#include "eval/ranking_rules.h"
#include "train/train_config.h"
#include "train/trainer.h"

namespace elastic::cli {

/// About held-out targets that repeat an item of the user; "": nothing to say. Throws UsageError if
/// the rules leave no target.
std::string targets_note(const data::Split& split, const eval::RankingRules& rules);

/// The loss of a resolved config, and its events that repeat an item.
std::string loss_note(const train::TrainConfig& config, const data::Split& split);

/// The end of a training, and with `validated` its best epoch.
std::string result_note(const train::TrainResult& result,
                        const std::string& stop_metric,
                        bool validated);

}  // namespace elastic::cli
