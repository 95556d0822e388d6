#include "cli/train_progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace elastic::cli {

train::TrainObserver TrainProgress::observer() {
  train::TrainObserver observer;
  observer.progress = [this](const train::Progress& progress) { show(progress); };
  observer.evaluation = [this](const train::EvaluationReport& report) { remember(report); };
  return observer;
}

void TrainProgress::show(const train::Progress& progress) {
  if (!line_.due()) {
    return;
  }
  const std::int64_t steps = std::max<std::int64_t>(1, progress.steps_per_epoch);
  line_.update(fmt::format("epoch {}/{} {:>3}%  loss {:.4f}  {:.0f} examples/s  left {}  {}{}",
                           progress.epoch,
                           progress.num_epochs,
                           100 * progress.step / steps,
                           progress.loss,
                           progress.examples_per_s,
                           format_duration(progress.epoch_eta_s),
                           format_bytes(static_cast<double>(progress.memory.total_peak)),
                           best_));
}

void TrainProgress::remember(const train::EvaluationReport& report) {
  if (report.best) {
    best_ = fmt::format(
        "  best NDCG@10 {:.4f} ({})", eval::value_of(report.metrics, "NDCG@10"), report.epoch);
  }
}

}  // namespace elastic::cli
