// The lines of metrics.jsonl as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "train/checkpoint.h"
#include "train/observer.h"
#include "train/train_config.h"

namespace elastic::train {

/// The line of a finished epoch, with the names of `loss`. Counts are named by their
/// range: `epoch_...` covers this epoch, `total_...` (from `state`) the run so far. The names of
/// earlier versions stay: `examples` and `tokens` of the epoch, `step`, `tokens_read` and `targets`
/// of the run.
nlohmann::ordered_json epoch_event(const EpochReport& report,
                                   const TrainState& state,
                                   const LossOptions& loss);

/// The line of an evaluation, with every metric under its name; the metrics of new and of repeated
/// targets ("HR@10[new]") only if there are repeated ones.
nlohmann::ordered_json evaluation_event(const EvaluationReport& report, const TrainState& state);

}  // namespace elastic::train
