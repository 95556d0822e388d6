#include "cli/commands/train/training_notes.h"

#include <fmt/format.h>

#include "cli/output/progress_line.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/repeats_warning.h"
#include "eval/repeats.h"
#include "train/train_seen.h"

namespace elastic::cli {

std::string targets_note(const data::Split& split, const eval::RankingRules& rules) {
  for (const data::Subset subset : {data::Subset::kValidation, data::Subset::kTest}) {
    check_repeats(split, subset, rules);
  }
  return repeats_warning({{"validation", eval::count_targets(split, data::Subset::kValidation)},
                          {"test", eval::count_targets(split, data::Subset::kTest)}},
                         rules,
                         rules.filter_seen);
}

std::string loss_note(const train::TrainConfig& config, const data::Split& split) {
  const std::int64_t negatives = config.loss.negatives;
  return fmt::format(
      "loss {}{}, --train-seen {}: {} of {} training events repeat an item of the user",
      choice_name(config.loss.kind),
      negatives > 0 ? fmt::format(" with {} negatives", negatives) : "",
      choice_name(config.loss.train_seen),
      train::num_repeats(split),
      split.num_train_events());
}

std::string result_note(const train::TrainResult& result,
                        const std::string& stop_metric,
                        bool validated) {
  const std::string best = fmt::format("; best validation {} {:.4f} in epoch {}",
                                       stop_metric,
                                       result.best_metric,
                                       result.best_epoch);
  return fmt::format("{} after {} epochs, {}{}",
                     name_of(result.status),
                     result.num_epochs,
                     format_duration(result.elapsed_s),
                     validated ? best : "");
}

}  // namespace elastic::cli
