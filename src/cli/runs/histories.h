// The users' events in a log, for questions about them: the run's own data, or a later log.
#pragma once

#include <memory>
#include <string>

#include "cli/runs/run_files.h"
#include "data/dataset.h"

namespace elastic::cli {

struct Histories {
  std::shared_ptr<const data::Dataset> dataset;  ///< its items are those of the log
  bool of_training = true;  ///< the data that the run was trained on, after all filters
};

/// Declares --data, --valid-data, --test-data and --cache in the present group, for histories.
void declare_histories(OptionTable& table, DataPlace& place);

/// Reads the log at `place`, in the form and with the filters of the run. Of other data than the
/// training's, users and items are kept however few events they have, and nothing is held out.
/// Throws CheckpointError for an unusable run, DataError or UsageError for a log that cannot be
/// read.
Histories read_histories(const std::string& run, const DataPlace& place);

}  // namespace elastic::cli
