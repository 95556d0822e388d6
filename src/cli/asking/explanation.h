// `predict --explain`: the interest experts of a history, and the events that they attend to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cli/asking/answer_writer.h"
#include "cli/asking/recommender.h"

namespace elastic::cli {

/// Throws UsageError, which lists the models with experts, if the model has none.
void require_experts(const ModelConfig& config);

/// The experts of a history by descending gate, each with the `num_events` events that it attends
/// to most. docs/predict.md defines the average over layers and heads.
std::vector<ExplainedExpert> explain(Recommender& recommender,
                                     const TimedHistory& history,
                                     std::int64_t num_events);

}  // namespace elastic::cli
