// The evaluation of a trained model on one part of a split, as `train` and `eval` report it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/split.h"
#include "dist/communicator.h"
#include "eval/evaluator.h"
#include "eval/negatives.h"
#include "eval/report.h"
#include "train/saved_model.h"

namespace elastic::cli {

/// The users to evaluate, and how.
struct EvaluationTask {
  const data::Split* split = nullptr;
  data::Subset subset = data::Subset::kTest;
  eval::RankingRules rules{};
  eval::Cutoffs cutoffs{};  ///< of the metrics
  std::int64_t min_history =
      0;                       ///< only users with at least as many events before the held-out one
  std::int64_t max_users = 0;  ///< only this many users, drawn by the model's seed; 0: all
  std::vector<eval::SamplingRule> sampled{};  ///< also rank among candidates drawn by these rules
  std::uint64_t sampling_seed = 0;
  bool swap_experts = false;  ///< also rank with each user's experts swapped for another user's
  /// Only if the model was not trained on the data; `split` then has the model's items first, as
  /// with_items_first orders them, and `trained_on` names what else makes its result differ.
  std::optional<eval::OtherLog> other_log{};
  std::string split_hash{};  ///< with `other_log`: of the split before its items were ordered
  std::string trained_on{};
  /// The processes that rank together, each with the same arguments; null: this one alone.
  dist::Communicator* ranks = nullptr;
};

struct Evaluation {
  eval::Report report;
  eval::Ranking ranking;  ///< of the model, user by user
};

/// A saved model to compare with, and its name in the report.
struct NamedModel {
  std::string name;
  train::SavedModel saved;
  /// If it was not trained on the task's data: the task's split with the model's items first.
  std::optional<data::Split> other_log{};
  std::string trained_on{};  ///< as in eval::Protocol
};

/// Ranks with the model, by popularity, and with each of `against`. Throws CheckpointError if a
/// model has another number of items than the data that it was trained on, DataError if there is no
/// user to evaluate, UsageError if `min_history` or the rule for repeats leaves out all users, or
/// if experts cannot be swapped.
Evaluation evaluate_saved_model(train::SavedModel& saved,
                                const EvaluationTask& task,
                                std::span<NamedModel> against = {});

/// Ranks with the model alone, without a report. Throws CheckpointError if it has another number of
/// items than the data that it was trained on.
eval::Ranking rank_with_model(train::SavedModel& saved,
                              const data::Split& split,
                              data::Subset subset,
                              const eval::EvalOptions& options);

/// The protocol's `trained_on` with --refit validation.
inline constexpr const char* kTrainedOnValidation =
    "the validation event too, as HSTU, FuXi and RAILS are";

/// Throws UsageError if the model of `run` was trained on the subset's events.
void check_held_out(const std::string& run, const data::Split& split, data::Subset subset);

/// Throws DataError if there is no user to evaluate.
void check_users(const data::Split& split, std::int64_t users);

/// Throws UsageError if the rule for repeated targets leaves out all users of the subset that it
/// could evaluate.
void check_repeats(const data::Split& split,
                   data::Subset subset,
                   const eval::RankingRules& rules,
                   std::int64_t min_history = 0);

/// The report as JSON, with the hash of the run that it belongs to ("": none).
nlohmann::ordered_json report_json(const eval::Report& report, const train::RunIdentity& identity);
/// Prints the report to standard output, as this JSON or as a table.
void print_report(const eval::Report& report, const train::RunIdentity& identity, bool json);

}  // namespace elastic::cli
