// The form of the log that a run was trained on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/asking/query.h"
#include "data/log_format.h"
#include "model/model_config.h"

namespace elastic::cli {

/// Reads it from RUN/data.json. nullopt for a run of an earlier version, which does not keep it,
/// and without that file. Throws CheckpointError for a file that is not JSON, or a form that no log
/// has.
std::optional<data::LogFormat> read_log_format(const std::string& run);

/// The units per second of the log's times, from RUN/data.json; 1 for a run of an earlier version,
/// and without that file. Throws CheckpointError for a file that is not JSON, or a number that is
/// none of 1, 1000, 1000000 and 1000000000.
std::int64_t read_units_per_second(const std::string& run);

/// The times that questions to the run's model must give. Throws as read_units_per_second.
QuestionTimes question_times(const std::string& run, const ModelConfig& config);

}  // namespace elastic::cli
