// RUN or RUN1,RUN2,..: runs whose models answer as one.
#pragma once

#include <string>
#include <vector>

#include "cli/options/option_table.h"
#include "train/saved_model.h"

namespace elastic::cli {

/// The runs of RUN1,RUN2,... A folder whose name contains commas is one run.
std::vector<std::string> split_runs(const std::string& text);

/// The argument RUN of commands that accept several runs.
class RunList {
 public:
  void declare(OptionTable& table);

  /// The runs, once the argument is set; see split_runs.
  [[nodiscard]] std::vector<std::string> runs() const { return split_runs(text_); }
  /// The first run: its data, options and items are read.
  [[nodiscard]] std::string first() const { return runs().front(); }
  /// The model of the only run, or the mean of the runs' models (MeanModel) with the facts of the
  /// first. Throws CheckpointError, or UsageError if runs have other items or one is named twice.
  [[nodiscard]] train::SavedModel load(Device device) const;

 private:
  std::string text_;
};

}  // namespace elastic::cli
