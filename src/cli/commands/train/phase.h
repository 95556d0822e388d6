// One training of a run, with its folder, data and identity.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/runs/ranks.h"
#include "cli/runs/run_data.h"
#include "eval/ranking_rules.h"
#include "eval/report.h"
#include "tensor/backend.h"
#include "train/run_directory.h"
#include "train/run_identity.h"
#include "train/saved_model.h"
#include "train/trainer.h"

namespace elastic::cli {

inline constexpr const char* kResultFile = "result.json";

/// A run without --refit has one phase. With it there are two: the search for the best epoch, in
/// RUN/search, and the refit, in RUN.
struct Phase {
  const train::RunDirectory& run;
  const RunData& data;
  data::Refit refit = data::Refit::kNone;
  bool resume = false;
  std::optional<train::FixedEpochs> fixed{};
  const Phase* later = nullptr;  ///< the refit; its files are written with those of the search
  train::RunIdentity identity{};
};

/// Sets the identity of the phase, and checks that one to resume has the same data and items.
/// `options` are those that fix its results. Throws CheckpointError.
void identify(Phase& phase, const std::string& options);

/// Throws CheckpointError naming an option unless the saved model of the phase, `saved`, was
/// trained with the options of its identity.
void check_options_of(const Phase& phase, const train::SavedModelInfo& saved);

/// Writes a JSON file of the phase with the hash that ties the file to its run.
void write_json(const Phase& phase, const std::string& name, nlohmann::ordered_json value);

/// The test result of a phase, and the content of its result.json.
struct TestResult {
  eval::Report report;
  nlohmann::ordered_json json;
};
/// Evaluates the saved model of the phase, which `trained` describes, on the test; the first of
/// `ranks` writes result.json: the report, with "validation" of the best epoch and "training".
TestResult report_test(const Phase& phase,
                       const train::TrainResult& trained,
                       const eval::RankingRules& rules,
                       const eval::Cutoffs& cutoffs,
                       const Ranks& ranks,
                       Device device);

/// Writes the result.json of a phase whose test is left alone, and returns it: "validation" of the
/// best epoch, and "training".
nlohmann::ordered_json report_validation(const Phase& phase, const train::TrainResult& trained);

/// Writes the result.json of a phase without held-out events, and returns it.
nlohmann::ordered_json report_untested(const Phase& phase, std::int64_t epochs);

}  // namespace elastic::cli
