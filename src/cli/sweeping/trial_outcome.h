// What a trial's run directory holds: the end of its training, its validations, its test.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/runs/validations.h"

namespace elastic::cli {

/// A trial that has trained for the epochs of its rung, or stopped early.
struct TrialOutcome {
  Validation best;       ///< the best evaluation within these epochs
  double score = 0.0;    ///< its value of the metric
  double seconds = 0.0;  ///< training time up to the last evaluation within these epochs
  std::string status;    ///< as name_of(train::Status)
};

/// The outcome of the run in `folder` after up to `epochs` epochs, the best of them by `metric`;
/// none if it has not trained for so many and could go on. Throws CheckpointError if its files are
/// unusable.
std::optional<TrialOutcome> read_outcome(const std::string& folder,
                                         std::int64_t epochs,
                                         const std::string& metric);

/// True if there is a run that `train --resume` continues.
bool has_run(const std::string& folder);

/// The test metrics of the run: name -> value; none if it was not evaluated on the test.
std::optional<nlohmann::ordered_json> read_test(const std::string& folder);

/// The last line of a log that is not blank; "" without one.
std::string last_line(const std::string& log);

}  // namespace elastic::cli
