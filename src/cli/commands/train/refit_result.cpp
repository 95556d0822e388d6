#include "cli/commands/train/refit_result.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/output/metrics_table.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/run_model.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// The events that the refitted model was trained on.
std::string trained_on(data::Refit refit) {
  return refit == data::Refit::kAll ? "all events, the test events included" : kTrainedOnValidation;
}

}  // namespace

RefitResult report_both(const Phase& search,
                        const Phase& refit,
                        const eval::RankingRules& rules,
                        const eval::Cutoffs& cutoffs,
                        Device device) {
  train::SavedModel best = load_run_model(search.run.path(), device);
  RefitResult result;
  result.search =
      evaluate_saved_model(best, {&search.data.split, data::Subset::kTest, rules, cutoffs}).report;
  const ordered_json written = train::read_json_object(search.run.file(kResultFile));
  for (const char* key : {kValidationKey, kTrainingKey}) {
    if (written.contains(key)) {
      result.searched[key] = written[key];
    }
  }
  result.refit = refit.refit;
  result.epochs = refit.fixed->epochs;
  result.train_events = refit.data.split.num_train_events();
  if (refit.data.split.holds_out(data::Subset::kTest)) {
    train::SavedModel last = load_run_model(refit.run.path(), device);
    std::array<NamedModel, 1> against{NamedModel{"search", std::move(best)}};
    result.refitted = evaluate_saved_model(
                          last, {&refit.data.split, data::Subset::kTest, rules, cutoffs}, against)
                          .report;
  }
  refit.run.write_json(kResultFile, result_json(result, refit.identity));
  return result;
}

ordered_json result_json(const RefitResult& result, const train::RunIdentity& identity) {
  ordered_json json{{"phase", "search"}};
  json.update(report_json(result.search, identity));
  json.update(result.searched);
  ordered_json refit{{"phase", "refit"},
                     {"events", choice_name(result.refit)},
                     {"trained_on", trained_on(result.refit)},
                     {"epochs", result.epochs},
                     {"train_events", result.train_events}};
  if (result.refitted) {
    refit.update(eval::to_json(*result.refitted));
  }
  json[kRefitKey] = std::move(refit);
  return json;
}

std::string result_table(const RefitResult& result) {
  std::string text = "search for the best epoch, without the held-out events\n\n" +
                     metrics_table(result.search) +
                     fmt::format("\nrefit, the model of this run: {} epochs, trained on {}\n",
                                 result.epochs,
                                 trained_on(result.refit));
  if (result.refitted) {
    return text + "\n" + metrics_table(*result.refitted);
  }
  return text +
         "no test result: the test events were trained on; the result above is that of the "
         "search\n";
}

std::string validation_text(const ordered_json& result) {
  std::string text;
  if (result.contains(kValidationKey)) {
    const ordered_json& validation = result[kValidationKey];
    text = fmt::format("validation of epoch {}:", validation["epoch"].get<std::int64_t>());
    for (const char* name : {"HR@10", "NDCG@10", "MRR@10"}) {
      text += fmt::format(" {} {:.4f}", name, validation["metrics"].value(name, 0.0));
    }
  }
  return text + "\nthe test split was not evaluated (--no-test)\n";
}

std::string untested_text(const ordered_json& result) {
  return fmt::format(
      "trained on all {} events up to epoch {}; none is held out, so there is no test result\n",
      result["train_events"].get<std::int64_t>(),
      result["epochs"].get<std::int64_t>());
}

}  // namespace elastic::cli
