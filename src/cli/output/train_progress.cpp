#include "cli/output/train_progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace elastic::cli {

train::TrainObserver TrainProgress::observer() {
  train::TrainObserver observer;
  observer.progress = [this](const train::Progress& progress) { show(progress); };
  observer.evaluation = [this](const train::EvaluationReport& report) { remember(report); };
  observer.saved = [this](std::int64_t step) {
    line_.message(fmt::format("saved after step {}", step));
  };
  return observer;
}

void TrainProgress::show(const train::Progress& progress) {
  if (!line_.due()) {
    return;
  }
  const std::int64_t steps = std::max<std::int64_t>(1, progress.steps_per_epoch);
  line_.update(fmt::format("epoch {}/{} {:>3}%  loss {:.4f}  {:.0f} examples/s  left {}  {}{}{}",
                           progress.epoch,
                           progress.num_epochs,
                           100 * progress.step / steps,
                           progress.loss,
                           progress.examples_per_s,
                           format_duration(progress.run_eta_s),
                           format_bytes(static_cast<double>(progress.memory.total_peak)),
                           best_,
                           experts_));
}

void TrainProgress::remember(const train::EvaluationReport& report) {
  const double value = eval::value_of(report.metrics, report.metric);
  if (report.best) {
    best_ = fmt::format("  best {} {:.4f} ({})", report.metric, value, report.epoch);
  }
  const std::string other = report.metric == "HR@10" ? "NDCG@10" : "HR@10";
  line_.message(fmt::format("epoch {}: validation {} {:.4f}, {} {:.4f}{}",
                            report.epoch,
                            report.metric,
                            value,
                            other,
                            eval::value_of(report.metrics, other),
                            report.best ? ", the best so far" : ""));
  note_experts(report.experts);
}

void TrainProgress::note_experts(const eval::ExpertUse& experts) {
  if (experts.num_users() == 0) {
    return;
  }
  experts_ = fmt::format("  experts {}/{}", experts.num_used(), experts.pool_size());
  if (experts.collapsed() && !warned_) {
    warned_ = true;
    line_.message(fmt::format(
        "warning: the interest memory has collapsed: {} users share {:.1f} effective experts of a "
        "pool of {}, so it hardly distinguishes them",
        experts.num_users(),
        experts.effective_experts(),
        experts.pool_size()));
  }
}

}  // namespace elastic::cli
