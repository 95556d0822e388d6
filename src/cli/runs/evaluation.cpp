#include "cli/runs/evaluation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "cli/output/build_info.h"
#include "cli/output/metrics_table.h"
#include "cli/output/output.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "data/json_document.h"
#include "eval/repeats.h"

namespace elastic::cli {
namespace {

const char* words_of_times(TimeFeatures times) {
  switch (times) {
    case TimeFeatures::kNone:
      return "";
    case TimeFeatures::kPast:
      return "those of past events";
    case TimeFeatures::kAsked:
      return "those of past events and of the ranked event";
  }
  return "";
}

eval::Protocol make_protocol(const train::SavedModel& saved, const EvaluationTask& task) {
  const data::Split& split = *task.split;
  eval::Protocol protocol;
  protocol.subset = choice_name(task.subset);
  protocol.split = split.description();
  protocol.split_hash = task.other_log ? task.split_hash : split.hash();
  protocol.other_log = task.other_log;
  protocol.trained_on =
      split.refit() == data::Refit::kValidation ? kTrainedOnValidation : task.trained_on;
  protocol.min_history = task.min_history;
  for (const std::int32_t user : split.eval_users(task.subset)) {
    const auto length = static_cast<std::int64_t>(split.history(user, task.subset).size());
    const bool is_evaluated = length >= task.min_history &&
                              task.rules.evaluates(eval::is_repeated(split, user, task.subset));
    protocol.users += is_evaluated ? 1 : 0;
    protocol.longest_history = std::max(protocol.longest_history, length);
  }
  if (task.max_users > 0 && task.max_users < protocol.users) {
    protocol.drawn_from = std::exchange(protocol.users, task.max_users);
  }
  protocol.items = saved.model->config().num_items;
  protocol.rules = task.rules;
  protocol.cutoffs = task.cutoffs;
  protocol.history = split.history_words(task.subset);
  protocol.times = words_of_times(saved.model->config().time_features);
  protocol.max_len = saved.model->config().history_len();
  protocol.checkpoint_epoch = saved.info.epoch;
  protocol.checkpoint_metric = saved.info.metric;
  protocol.seed = saved.info.seed;
  protocol.sampling_seed = task.sampling_seed;
  protocol.loss = saved.info.loss;
  protocol.teacher = saved.info.teacher;
  protocol.train_seen = saved.info.train_seen;
  protocol.build = build_info();
  return protocol;
}

// Compares with another model, on its own order of the items if it was trained on another log.
eval::Comparison compare_with(NamedModel& other,
                              const eval::Ranking& ranking,
                              const EvaluationTask& task,
                              eval::EvalOptions options,
                              std::uint64_t seed) {
  options.other_log = other.other_log.has_value();
  const data::Split& split = other.other_log ? *other.other_log : *task.split;
  const eval::Ranking theirs = rank_with_model(other.saved, split, task.subset, options);
  eval::Comparison comparison = eval::compare(ranking, theirs, other.name, seed, task.cutoffs);
  comparison.trained_on = other.trained_on;
  return comparison;
}

}  // namespace

eval::Ranking rank_with_model(train::SavedModel& saved,
                              const data::Split& split,
                              data::Subset subset,
                              const eval::EvalOptions& options) {
  const std::int64_t num_items = saved.model->config().num_items;
  if (!options.other_log && num_items != split.num_items()) {
    throw CheckpointError("the model knows ",
                          num_items,
                          " items, the data has ",
                          split.num_items(),
                          ": expected the data that it was trained on");
  }
  return eval::rank_users(*saved.model, split, subset, options);
}

Evaluation evaluate_saved_model(train::SavedModel& saved,
                                const EvaluationTask& task,
                                std::span<NamedModel> against) {
  const eval::Protocol protocol = make_protocol(saved, task);
  if (protocol.longest_history > 0 && protocol.longest_history < task.min_history) {
    throw UsageError("--min-history: expected at most ",
                     protocol.longest_history,
                     ", the longest history, got ",
                     task.min_history);
  }
  check_repeats(*task.split, task.subset, task.rules, task.min_history);
  check_users(*task.split, protocol.users);
  std::vector<eval::NegativeSampler> samplers;
  for (const eval::SamplingRule& rule : task.sampled) {
    samplers.emplace_back(*task.split, rule, task.sampling_seed);
  }
  eval::EvalOptions options;
  options.rules = task.rules;
  options.min_history = task.min_history;
  options.max_users = task.max_users;
  options.users_seed = protocol.seed;
  options.lists = true;
  options.other_log = task.other_log.has_value();
  options.samplers = samplers;
  options.ranks = task.ranks;
  Evaluation evaluation;
  evaluation.ranking = rank_with_model(saved, *task.split, task.subset, options);
  if (task.swap_experts && evaluation.ranking.experts.num_users() < 2) {
    throw UsageError("--swap-experts: ",
                     protocol.users < 2
                         ? "there is only one user to evaluate"
                         : concat(saved.model->config().model, " retrieves no experts per user"));
  }
  const eval::Ranking popularity = eval::popularity_ranking(*task.split, task.subset, options);
  eval::Report& report = evaluation.report;
  report = eval::make_report(
      evaluation.ranking, popularity, eval::training_counts(*task.split), protocol);
  options.lists = false;
  options.samplers = {};
  for (NamedModel& other : against) {
    report.against.push_back(compare_with(other, evaluation.ranking, task, options, protocol.seed));
  }
  if (task.swap_experts) {
    options.swap_experts = true;
    const eval::Ranking swapped = rank_with_model(saved, *task.split, task.subset, options);
    report.swapped_experts =
        eval::compare(evaluation.ranking, swapped, "", protocol.seed, task.cutoffs);
  }
  return evaluation;
}

void check_held_out(const std::string& run, const data::Split& split, data::Subset subset) {
  if (split.holds_out(subset)) {
    return;
  }
  if (split.rule() == data::SplitRule::kNone) {
    throw UsageError(run,
                     ": --split none: the model was trained on all events, so that none is left to "
                     "evaluate it with; --refit all evaluates before it trains on all events");
  }
  const char* option = split.refit() == data::Refit::kAll ? "all" : "validation";
  const char* events = subset == data::Subset::kTest ? "test" : "validation";
  throw UsageError(run,
                   ": --refit ",
                   option,
                   ": the model was trained on the ",
                   events,
                   " events, so that they cannot evaluate it; `elastic eval ",
                   search_folder(run),
                   "` evaluates the model that was trained without them");
}

void check_users(const data::Split& split, std::int64_t users) {
  if (users == 0) {
    throw DataError(
        "no user to evaluate: none has a held-out event and a history before it (split ",
        choice_name(split.rule()),
        "); leave-one-out needs users with three events");
  }
}

void check_repeats(const data::Split& split,
                   data::Subset subset,
                   const eval::RankingRules& rules,
                   std::int64_t min_history) {
  const eval::TargetCounts targets = eval::count_targets(split, subset, min_history);
  const std::int64_t left = (rules.evaluates(true) ? targets.repeated : 0) +
                            (rules.evaluates(false) ? targets.all - targets.repeated : 0);
  if (targets.all > 0 && left == 0) {
    throw UsageError("--repeats ",
                     choice_name(rules.repeats),
                     ": no user is left to evaluate: of ",
                     targets.all,
                     " held-out items (split ",
                     choice_name(subset),
                     "), ",
                     targets.repeated,
                     " are items that the user had before; use --repeats count or miss");
  }
}

nlohmann::ordered_json report_json(const eval::Report& report, const train::RunIdentity& identity) {
  nlohmann::ordered_json json = eval::to_json(report);
  if (!identity.run.empty()) {
    json[kRunHash] = identity.run;
  }
  return json;
}

void print_report(const eval::Report& report, const train::RunIdentity& identity, bool json) {
  print(json ? data::json_text(report_json(report, identity), 2) + "\n" : metrics_table(report));
}

}  // namespace elastic::cli
