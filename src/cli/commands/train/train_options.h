// The options that determine a training: those of the data, the model, the training and its
// evaluation, as `train` and `sweep` declare them.
#pragma once

#include <string>

#include "cli/commands/train/initial_run.h"
#include "cli/options/option_table.h"
#include "data/data_config.h"
#include "data/split.h"
#include "data/split_plan.h"
#include "eval/cutoffs.h"
#include "eval/ranking_rules.h"
#include "model/model_config.h"
#include "train/recommended.h"
#include "train/train_config.h"
#include "train/trainer.h"

namespace elastic::cli {

struct TrainOptions {
  data::DataConfig data;
  std::string cache = "auto";
  ModelConfig model = train::recommended_model();
  train::TrainConfig train = train::recommended_training();
  InitialRun initial;
  data::Refit refit = data::Refit::kNone;
  eval::RankingRules rules;
  std::string k = eval::Cutoffs().text();
  bool tensorboard = false;
  bool report = false;

  /// Declares all of them, in groups. The table refers to this object.
  void declare(OptionTable& table);
  /// Throws UsageError if there is no data, and for values that exclude each other.
  void check(const OptionTable& table) const;
  [[nodiscard]] eval::Cutoffs cutoffs() const { return eval::Cutoffs::parse(k, "--k"); }
  /// Sets the options without a value whose default depends on the log.
  void fit_defaults(const OptionTable& table, const data::Split& split);
  /// Makes the paths of the data, the teacher and the item vectors independent of the current
  /// folder.
  void make_paths_absolute();
};

/// The end of a training in one line, with the best epoch unless it validated nothing.
std::string result_text(const train::TrainResult& result, const TrainOptions& options);

}  // namespace elastic::cli
