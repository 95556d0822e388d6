// A trained model's result on one part of a split, as `train` and `eval` report it.
#pragma once

#include <string>

#include "data/split.h"
#include "eval/report.h"
#include "train/saved_model.h"

namespace elastic::cli {

/// "test" or "valid"; throws UsageError for anything else.
data::Subset parse_subset(const std::string& name);

/// Ranks with the model and by popularity. Throws CheckpointError if the model has other items than
/// the data, DataError if there is nobody to evaluate.
eval::Report evaluate_saved_model(train::SavedModel& saved,
                                  const data::Split& split,
                                  data::Subset subset,
                                  bool filter_seen);

/// The report on standard output, as JSON or as a table.
void print_report(const eval::Report& report, bool json);

}  // namespace elastic::cli
