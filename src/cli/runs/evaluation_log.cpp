#include "cli/runs/evaluation_log.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "cli/runs/run_model.h"
#include "data/data_config.h"
#include "data/items_first.h"
#include "train/items_file.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

bool is_of_all(const std::vector<std::string>& runs, const RunData& data) {
  return std::all_of(runs.begin(), runs.end(), [&](const std::string& run) {
    return has_same_events(run, data, data::Subset::kValidation);
  });
}

// True if the run holds out no events of its log.
bool holds_out_nothing(const std::string& run) {
  const auto data = train::read_json_object(file_of(run, "data.json"));
  return data.contains("split") &&
         text_at(data["split"], "rule") == choice_name(data::SplitRule::kNone);
}

// The held-out events that the run was trained on, in another log than the one to rank; "": none.
std::string trained_on(const std::string& run) {
  if (holds_out_nothing(run)) {
    return "all events of another log";
  }
  switch (refit_of(run)) {
    case data::Refit::kNone:
      return "";
    case data::Refit::kValidation:
      return "the validation events of another log too";
    case data::Refit::kAll:
      return "all events of another log, its test events included";
  }
  return "";
}

}  // namespace

EvaluationLog::EvaluationLog(const std::vector<std::string>& runs,
                             const DataPlace& place,
                             bool may_differ,
                             data::Subset subset,
                             const Notes& notes)
    : first_(runs.front()),
      may_differ_(may_differ),
      subset_(subset),
      read_(may_differ ? read_any(runs, place, notes) : read_own(runs, place, notes)) {
  if (read_.is_of_runs) {
    check_held_out(first_, split(), subset);
    return;
  }
  if (split().rule() == data::SplitRule::kNone) {
    throw UsageError(
        "--other-log: ", first_, " has the rule --split none, which holds out no events to rank");
  }
  for (const std::string& run : runs) {
    check_not_trained_on(run);
  }
}

// With all filters. None if it is another log.
std::optional<RunData> EvaluationLog::read_as_trained(const std::vector<std::string>& runs,
                                                      const data::DataConfig& config,
                                                      const Notes& notes) {
  if (std::count(config.data.begin(), config.data.end(), "-") > 0) {
    return std::nullopt;  // can be read only once
  }
  std::vector<std::string> lines;
  try {
    RunData data = read_data(
        config, [&](const std::string& line) { lines.push_back(line); }, refit_of(runs.front()));
    if (is_of_all(runs, data)) {
      std::for_each(lines.begin(), lines.end(), notes);
      return data;
    }
  } catch (const DataError&) {  // the filters or the split do not fit another log
  }
  return std::nullopt;
}

EvaluationLog::Read EvaluationLog::read_any(const std::vector<std::string>& runs,
                                            const DataPlace& place,
                                            const Notes& notes) {
  data::DataConfig config = config_of_data(runs.front(), place);
  if (std::optional<RunData> data = read_as_trained(runs, config, notes)) {
    return {std::move(*data), true};
  }
  config.filters.min_user_events = 1;
  config.filters.min_item_events = 1;
  return {read_data(config, notes), false};
}

EvaluationLog::Read EvaluationLog::read_own(const std::vector<std::string>& runs,
                                            const DataPlace& place,
                                            const Notes& notes) {
  RunData data = read_data_again(runs.front(), place, notes);
  for (const std::string& run : runs) {
    check_comparable("RUN", run, data);
  }
  return {std::move(data), true};
}

void EvaluationLog::check_not_trained_on(const std::string& run) const {
  const auto facts = train::read_json_object(file_of(run, "data.json"));
  if (text_at(facts, "data_hash") != split().dataset().hash()) {
    return;
  }
  const data::Refit refit = refit_of(run);
  if (holds_out_nothing(run) || refit == data::Refit::kAll ||
      (refit == data::Refit::kValidation && subset_ == data::Subset::kValidation)) {
    throw UsageError(run, ": the model was trained on this log, the events to rank included");
  }
}

data::Split EvaluationLog::in_items_of(const std::string& run,
                                       const train::SavedModel& saved) const {
  const std::string path = file_of(run, train::kItemsFile);
  std::vector<std::string> ids;
  for (const train::ItemName& item : train::read_items(path, saved.info.identity.items_hash)) {
    ids.push_back(item.raw_id);
  }
  if (std::ssize(ids) != saved.model->config().num_items) {
    throw CheckpointError(path,
                          ": expected ",
                          saved.model->config().num_items,
                          " items, as in the model, got ",
                          ids.size());
  }
  const data::LoadedData& loaded = read_.data.loaded;
  return data::Split(
      std::make_shared<const data::Dataset>(data::with_items_first(*loaded.dataset, ids)),
      loaded.plan);
}

EvaluationTask EvaluationLog::task(const train::SavedModel& saved) {
  EvaluationTask task{&split(), subset_};
  if (read_.is_of_runs) {
    return task;
  }
  in_items_ = in_items_of(first_, saved);
  task.split = &*in_items_;
  task.split_hash = split().hash();
  task.trained_on = trained_on(first_);
  const data::Dataset& log = split().dataset();
  task.other_log = {.data_hash = log.hash(),
                    .users = log.num_users(),
                    .items = log.num_items(),
                    .unknown_items = in_items_->num_items() - saved.model->config().num_items,
                    .events = log.num_events()};
  return task;
}

NamedModel EvaluationLog::against(const std::string& run, Device device) const {
  const bool has_same = read_.is_of_runs && has_same_events(run, read_.data, subset_);
  if (!may_differ_ && !has_same) {
    check_comparable("--against", run, read_.data);
  }
  check_not_trained_on(run);
  NamedModel other{run, load_run_model(run, device)};
  if (!has_same) {
    other.other_log = in_items_of(run, other.saved);
    other.trained_on = trained_on(run);
  } else if (refit_of(run) == data::Refit::kValidation) {
    other.trained_on = kTrainedOnValidation;
  }
  return other;
}

}  // namespace elastic::cli
