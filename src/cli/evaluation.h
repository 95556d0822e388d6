// A trained model's result on one part of a split, as `train` and `eval` report it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/split.h"
#include "eval/negatives.h"
#include "eval/report.h"
#include "train/saved_model.h"

namespace elastic::cli {

/// What to evaluate on, and how.
struct EvaluationTask {
  const data::Split* split = nullptr;
  data::Subset subset = data::Subset::kTest;
  bool filter_seen = true;
  std::int64_t min_history = 0;  ///< only users with as many events before the held-out one
  std::vector<eval::SamplingRule> sampled{};  ///< also rank among candidates drawn so
  std::uint64_t sampling_seed = 0;
};

struct Evaluation {
  eval::Report report;
  eval::Ranking ranking;  ///< of the model, user by user
};

/// A saved model under a name, for comparing.
struct NamedModel {
  std::string name;
  train::SavedModel saved;
};

/// Ranks with the model and by popularity, and with each of `against`. Throws CheckpointError if a
/// model has other items than the data, DataError if there is nobody to evaluate, UsageError if
/// nobody's history is as long as `min_history`.
Evaluation evaluate_saved_model(train::SavedModel& saved,
                                const EvaluationTask& task,
                                std::span<NamedModel> against = {});

/// The report on standard output, as JSON or as a table.
void print_report(const eval::Report& report, bool json);

}  // namespace elastic::cli
