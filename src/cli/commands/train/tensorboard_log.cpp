#include "cli/commands/train/tensorboard_log.h"

#include <algorithm>

namespace elastic::cli {
namespace {

// The model, and the options that the call or a config set.
std::vector<train::Hparam> set_options(const train::RunDirectory& run) {
  const nlohmann::ordered_json sources = train::read_json_object(run.file("sources.json"));
  const nlohmann::ordered_json config = train::read_json_object(run.file("config.json"));
  nlohmann::ordered_json options;
  for (const auto& [key, value] : config.items()) {
    if (key == "model" || (sources.contains(key) && key != "tensorboard" && key != "report")) {
      options[key] = value;
    }
  }
  return train::hparams_of(options);
}

}  // namespace

void TensorBoardLog::join(train::TrainObserver& observer) {
  observer.line = [this](const nlohmann::ordered_json& event) { board_->add(event); };
  observer.step = [this](std::int64_t steps) { step_ = steps; };
  observer.progress = [this, show = observer.progress](const train::Progress& progress) {
    show(progress);
    board_->add(progress, step_);
  };
}

void TensorBoardLog::open(const train::RunDirectory& run, bool resumed, std::int64_t num_steps) {
  // The first step after both the last line of metrics.jsonl and the checkpoint.
  const std::int64_t first_step = std::max(train::last_step_of(run.metrics_path()) + 1, num_steps);
  board_.emplace(run.file("tensorboard"), resumed ? first_step : 0, set_options(run));
}

}  // namespace elastic::cli
