// The evaluations of the validation split that a run has recorded in metrics.jsonl.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace elastic::cli {

struct Validation {
  std::int64_t epoch = 0;          ///< from 1
  bool best = false;               ///< better than all earlier ones
  double elapsed_s = 0.0;          ///< training time of the run until then
  nlohmann::ordered_json metrics;  ///< name -> value: {"HR@1": 0.1, ..}
};

/// The evaluations in RUN/metrics.jsonl, in their order; none without this file. Lines that are
/// incomplete or of another kind are skipped.
std::vector<Validation> read_validations(const std::string& run);

/// The first of those with the highest value of `metric` in an epoch up to `last`; none if no
/// evaluation has it.
std::optional<Validation> best_validation(const std::vector<Validation>& all,
                                          const std::string& metric,
                                          std::int64_t last);

/// For result.json: {"epoch": N, "metrics": {..}} of the evaluation that chose epoch `epoch` as the
/// best of RUN; null if metrics.jsonl lacks it.
nlohmann::ordered_json validation_json(const std::string& run, std::int64_t epoch);

}  // namespace elastic::cli
