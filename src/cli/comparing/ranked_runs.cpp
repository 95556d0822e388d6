#include "cli/comparing/ranked_runs.h"

#include <utility>

#include "base/error.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "eval/item_popularity.h"

namespace elastic::cli {

void check_runs(const std::vector<RunGroup>& groups, const RunData& data, data::Subset subset) {
  for (const RunGroup& group : groups) {
    for (const ComparedRun& run : group.runs) {
      check_comparable("RUN", run.path, data);
      check_held_out(run.path, data.split, subset);
    }
  }
}

RankedRuns rank_runs(const std::vector<RunGroup>& groups,
                     const EvaluationTask& task,
                     Device device,
                     ProgressLine& line) {
  check_repeats(*task.split, task.subset, task.rules);
  eval::EvalOptions options;
  options.rules = task.rules;
  std::size_t num_runs = 0;
  for (const RunGroup& group : groups) {
    num_runs += group.runs.size();
  }
  RankedRuns ranked;
  ranked.trained_on_validation = task.split->refit() == data::Refit::kValidation;
  std::vector<std::int32_t> users;
  std::size_t done = 0;
  for (const RunGroup& group : groups) {
    eval::RankedGroup& result = ranked.groups.emplace_back();
    result.name = group.name;
    result.bootstrap_seed = group.runs.front().seed;
    for (const ComparedRun& run : group.runs) {
      line.update(concat("compare: run ", ++done, " of ", num_runs, ": ", run.path));
      train::SavedModel saved = load_run_model(run.path, device);
      check_items_of_run(run.path, saved.info);
      eval::Ranking ranking = rank_with_model(saved, *task.split, task.subset, options);
      if (done == 1) {
        ranked.users = static_cast<std::int64_t>(ranking.users.size());
        check_users(*task.split, ranked.users);
        ranked.parts = eval::user_parts(ranking, eval::training_counts(*task.split));
        users = ranking.users;
      }
      ELASTIC_CHECK(ranking.users == users, "the runs rank different users");
      result.ranks.push_back(std::move(ranking.ranks));
    }
  }
  return ranked;
}

}  // namespace elastic::cli
