#include "cli/commands/train/train_options.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/commands/train/resumed_options.h"
#include "cli/options/model_flags.h"
#include "cli/options/option_conflicts.h"
#include "cli/output/train_progress.h"
#include "cli/runs/run_data.h"
#include "cli/runs/run_rules.h"
#include "cli/runs/teacher_runs.h"

namespace elastic::cli {

void TrainOptions::declare(OptionTable& table) {
  declare_data(table, data);
  declare_cache(table, cache);
  declare_model(table, model);
  table.find("dropout").default_text = train::kDropoutRule;
  table.begin_group(kTrainingGroup);
  table.add_all(train);
  table.find("teacher").value_name = "RUN";
  table.find("item_vectors").value_name = "FILE";
  table.begin_group("Start and refit");
  initial.declare(table);
  declare_refit(table, refit);
  table.begin_group("Evaluation");
  table.add_all(rules);
  table.begin_group(kRecordsGroup);
  declare_cutoffs(table, k);
  table.add("tensorboard", &tensorboard, "write event files for TensorBoard to RUN/tensorboard");
  table.add(
      "report", &report, "write a page with curves and results to RUN/report.html at the end");
}

void TrainOptions::check(const OptionTable& table) const {
  if (data.data.empty()) {
    throw UsageError("--data: expected a file of interactions; add --data FILE");
  }
  elastic::check(model);
  elastic::train::check(train);
  check_refit(refit, data);
  eval::Cutoffs::parse(k, "--k");
  if (data.split.rule == data::SplitRule::kNone) {
    refuse_flags(table, "--split none", {"patience", "eval_every", "eval_users"});
    if (!table.find("epochs").is_set()) {
      throw UsageError(
          "--split none: expected --epochs N: without held-out events no best epoch is known");
    }
  }
}

void TrainOptions::fit_defaults(const OptionTable& table, const data::Split& split) {
  if (!table.find("dropout").is_set()) {
    model.dropout = train::recommended_dropout(split.num_train_events());
  }
}

void TrainOptions::make_paths_absolute() {
  cli::make_paths_absolute(data);
  if (!train.loss.teacher.empty()) {
    train.loss.teacher = absolute_runs(train.loss.teacher);
  }
  train.vectors.file = absolute_path(train.vectors.file);
}

std::string result_text(const train::TrainResult& result, const TrainOptions& options) {
  const std::string best = fmt::format("; best validation {} {:.4f} in epoch {}",
                                       options.train.limits.stop_metric,
                                       result.best_metric,
                                       result.best_epoch);
  return fmt::format("{} after {} epochs, {}{}",
                     name_of(result.status),
                     result.num_epochs,
                     format_duration(result.elapsed_s),
                     options.data.split.rule == data::SplitRule::kNone ? "" : best);
}

}  // namespace elastic::cli
