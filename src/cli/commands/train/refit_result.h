// The result of `train --refit`: the honest one of the search, and the refitted model.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/commands/train/phase.h"
#include "data/split_plan.h"
#include "eval/report.h"
#include "train/run_identity.h"

namespace elastic::cli {

struct RefitResult {
  eval::Report search;  ///< of the best model of the search, on the test
  /// The keys of its result.json that are not in the report: "validation" and "training".
  nlohmann::ordered_json searched = nlohmann::ordered_json::object();
  data::Refit refit = data::Refit::kValidation;
  std::int64_t epochs = 0;
  std::int64_t train_events = 0;
  std::optional<eval::Report> refitted;  ///< on the test, unless that was trained on
};

/// Evaluates the models of both phases, as far as the test allows, and writes the result.json of
/// the refit.
RefitResult report_both(const Phase& search,
                        const Phase& refit,
                        const eval::RankingRules& rules,
                        const eval::Cutoffs& cutoffs,
                        Device device);

/// The content of result.json: the report of the search, with "phase": "search", and under "refit"
/// the refitted model with its report.
nlohmann::ordered_json result_json(const RefitResult& result, const train::RunIdentity& identity);

/// The same for people.
std::string result_table(const RefitResult& result);

/// A result without a test, as report_validation returns it, for people.
std::string validation_text(const nlohmann::ordered_json& result);
/// The same of report_untested.
std::string untested_text(const nlohmann::ordered_json& result);

}  // namespace elastic::cli
