// `predict --explain`: which interest experts a history called up, and what they read in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cli/asking/answer_writer.h"
#include "cli/asking/recommender.h"

namespace elastic::cli {

/// Throws UsageError, naming those that can, unless the model gathers histories into experts.
void require_experts(const ModelConfig& config);

/// The experts of a history, those of the largest gate first, each with the `num_events` events
/// that it attends to most (docs/predict.md says how that is averaged).
std::vector<ExplainedExpert> explain(Recommender& recommender,
                                     std::span<const std::int32_t> history,
                                     std::int64_t num_events);

}  // namespace elastic::cli
