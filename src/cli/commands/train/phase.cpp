#include "cli/commands/train/phase.h"

#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "cli/runs/validations.h"
#include "data/json_document.h"
#include "train/items_file.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// The validation of the best epoch, and the end of the training.
ordered_json training_json(const Phase& phase,
                           const train::TrainResult& trained,
                           std::int64_t best_epoch) {
  ordered_json json = ordered_json::object();
  ordered_json validation = validation_json(phase.run.path(), best_epoch);
  if (!validation.is_null()) {
    json[kValidationKey] = std::move(validation);
  }
  json[kTrainingKey] = {{"status", name_of(trained.status)}, {"epochs", trained.num_epochs}};
  return json;
}

}  // namespace

void identify(Phase& phase, const std::string& options) {
  const train::RunDirectory& run = phase.run;
  phase.identity =
      train::make_identity(options,
                           phase.data.split.hash(),
                           train::hash_of_items(item_names(phase.data.split.dataset())));
  // A run that was killed at its start has neither a checkpoint nor data.json.
  if (!phase.resume || (!run.has_checkpoint() && !is_present(run.file("data.json")))) {
    return;
  }
  check_same_data(run.path(), phase.data);
  const train::RunIdentity recorded = recorded_identity(run.path(), phase.identity);
  if (!recorded.items_hash.empty() && recorded.items_hash != phase.identity.items_hash) {
    throw CheckpointError(run.file("data.json"),
                          ": the titles are not those that the run was started with; point --items "
                          "at the original file");
  }
  phase.identity = recorded;
}

void check_options_of(const Phase& phase, const train::SavedModelInfo& saved) {
  const nlohmann::ordered_json trained = data::parse_json(saved.identity.options);
  const nlohmann::ordered_json now = data::parse_json(phase.identity.options);
  for (const auto& [key, value] : now.items()) {
    const bool known = trained.is_object() && trained.contains(key);
    if (!known || trained[key] != value) {
      throw CheckpointError(phase.run.model_path(),
                            ": belongs to another run: it was trained with ",
                            key,
                            " = ",
                            known ? data::json_text(trained[key]) : "(none)",
                            ", this run has ",
                            data::json_text(value));
    }
  }
}

void write_json(const Phase& phase, const std::string& name, nlohmann::ordered_json value) {
  if (!phase.identity.run.empty()) {
    value[kRunHash] = phase.identity.run;
  }
  phase.run.write_json(name, value);
}

TestResult report_test(const Phase& phase,
                       const train::TrainResult& trained,
                       const eval::RankingRules& rules,
                       const eval::Cutoffs& cutoffs,
                       const Ranks& ranks,
                       Device device) {
  ranks.meet("the files of the training");  // the first process has written the best model
  train::SavedModel best = load_run_model(phase.run.path(), device);
  ranks.require_same(best.info);
  EvaluationTask task{&phase.data.split, data::Subset::kTest, rules, cutoffs};
  task.ranks = ranks.group();
  TestResult result;
  result.report = evaluate_saved_model(best, task).report;
  if (!ranks.is_first()) {
    return result;
  }
  result.json = report_json(result.report, best.info.identity);
  result.json.update(training_json(phase, trained, best.info.epoch));
  phase.run.write_json(kResultFile, result.json);
  return result;
}

nlohmann::ordered_json report_validation(const Phase& phase, const train::TrainResult& trained) {
  nlohmann::ordered_json json = training_json(phase, trained, trained.best_epoch);
  write_json(phase, kResultFile, json);
  return json;
}

nlohmann::ordered_json report_untested(const Phase& phase, std::int64_t epochs) {
  nlohmann::ordered_json json{{"trained_on", phase.data.split.description()},
                              {"epochs", epochs},
                              {"train_events", phase.data.split.num_train_events()}};
  write_json(phase, kResultFile, json);
  return json;
}

}  // namespace elastic::cli
