#include "train/metrics_events.h"

namespace elastic::train {

nlohmann::ordered_json epoch_event(const EpochReport& report,
                                   const TrainState& state,
                                   const LossOptions& loss) {
  return {{"event", "epoch"},
          {"epoch", report.epoch},
          {"step", state.num_steps},
          {"examples", report.num_examples},
          {"tokens", report.num_tokens},
          {"tokens_read", state.num_tokens},
          {"targets", state.num_targets},
          {"epoch_steps", report.num_steps},
          {"epoch_examples", report.num_examples},
          {"epoch_tokens", report.num_tokens},
          {"epoch_targets", report.num_targets},
          {"total_steps", state.num_steps},
          {"total_tokens", state.num_tokens},
          {"total_targets", state.num_targets},
          {"loss_function", choice_name(loss.kind)},
          {"train_seen", choice_name(loss.train_seen)},
          {"loss", report.loss},
          {"learning_rate", report.learning_rate},
          {"seconds", report.seconds}};
}

nlohmann::ordered_json evaluation_event(const EvaluationReport& report, const TrainState& state) {
  nlohmann::ordered_json event{{"event", "evaluation"},
                               {"epoch", report.epoch},
                               {"step", state.num_steps},
                               {"tokens_read", state.num_tokens},
                               {"targets", state.num_targets},
                               {"total_steps", state.num_steps},
                               {"total_tokens", state.num_tokens},
                               {"total_targets", state.num_targets},
                               {"elapsed_s", state.elapsed_s},
                               {"users", report.num_users}};
  for (const eval::MetricValue& value : report.metrics) {
    event[value.name] = value.value;
  }
  event["repeated_targets"] = report.targets.repeated;
  for (const eval::MetricValue& value : report.metrics_by_repeat) {
    event[value.name] = value.value;
  }
  event["best"] = report.best;
  event.update(to_json(report.experts));
  event["seconds"] = report.seconds;
  return event;
}

}  // namespace elastic::train
