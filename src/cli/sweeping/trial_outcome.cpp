#include "cli/sweeping/trial_outcome.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "train/run_directory.h"
#include "train/trainer.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

constexpr const char* kResult = "result.json";

}  // namespace

std::optional<TrialOutcome> read_outcome(const std::string& folder,
                                         std::int64_t epochs,
                                         const std::string& metric) {
  const std::string path = file_of(folder, kResult);
  if (!is_present(path)) {
    return std::nullopt;
  }
  const ordered_json result = train::read_json_object(path);
  const ordered_json training = result.value(kTrainingKey, ordered_json::object());
  TrialOutcome outcome;
  outcome.status = text_at(training, "status");
  const std::int64_t trained = training.value("epochs", std::int64_t{0});
  if (outcome.status == name_of(train::Status::kFinished) && trained < epochs) {
    return std::nullopt;
  }
  const std::vector<Validation> all = read_validations(folder);
  const std::optional<Validation> best = best_validation(all, metric, epochs);
  if (!best) {
    throw CheckpointError(file_of(folder, "metrics.jsonl"), ": there is no validation");
  }
  outcome.best = *best;
  outcome.score = best->metrics[metric].get<double>();
  for (const Validation& one : all) {
    outcome.seconds =
        one.epoch <= epochs ? std::max(outcome.seconds, one.elapsed_s) : outcome.seconds;
  }
  return outcome;
}

bool has_run(const std::string& folder) {
  return is_present(file_of(folder, "config.json"));
}

std::optional<ordered_json> read_test(const std::string& folder) {
  const std::string path = file_of(folder, kResult);
  if (!is_present(path)) {
    return std::nullopt;
  }
  const ordered_json result = train::read_json_object(path);
  return result.contains("metrics") ? std::optional(result["metrics"]) : std::nullopt;
}

std::string last_line(const std::string& log) {
  std::string last;
  if (is_present(log)) {
    std::istringstream text(read_whole_file(log));
    for (std::string line; std::getline(text, line);) {
      last = line.find_first_not_of(" \r") == std::string::npos ? last : line;
    }
  }
  return last;
}

}  // namespace elastic::cli
