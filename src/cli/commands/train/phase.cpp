#include "cli/commands/train/phase.h"

#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "data/json_document.h"
#include "train/items_file.h"

namespace elastic::cli {

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

eval::Report report_test(const Phase& phase, const eval::RankingRules& rules, Device device) {
  train::SavedModel best = load_run_model(phase.run.path(), device);
  eval::Report report =
      evaluate_saved_model(best, {&phase.data.split, data::Subset::kTest, rules}).report;
  phase.run.write_json(kResultFile, report_json(report, best.info.identity));
  return report;
}

nlohmann::ordered_json report_untested(const Phase& phase, std::int64_t epochs) {
  nlohmann::ordered_json json{{"trained_on", phase.data.split.description()},
                              {"epochs", epochs},
                              {"train_events", phase.data.split.num_train_events()}};
  write_json(phase, kResultFile, json);
  return json;
}

}  // namespace elastic::cli
