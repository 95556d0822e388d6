// The log that `eval` ranks: the runs' own, or with --other-log one that they were not trained on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/runs/evaluation.h"
#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"
#include "data/split.h"
#include "train/saved_model.h"

namespace elastic::cli {

class EvaluationLog {
 public:
  /// Reads the log at `place` in the form and with the split rule of the first of `runs`. Unless
  /// `may_differ`, all of them must have been trained on it: throws as read_data_again and
  /// check_comparable. Of another log all users and items are kept, however few events they have.
  /// Throws UsageError if the events of `subset` are not held out.
  EvaluationLog(const std::vector<std::string>& runs,
                const DataPlace& place,
                bool may_differ,
                data::Subset subset,
                const Notes& notes);

  /// The split, in the log's own items.
  [[nodiscard]] const data::Split& split() const { return read_.data.split; }
  /// The task of ranking with the model of the first run, or the mean of all. Valid as long as
  /// this.
  [[nodiscard]] EvaluationTask task(const train::SavedModel& saved);
  /// The model of a run to compare with. Throws UsageError if it was trained on the events to rank,
  /// or, unless the log may differ, on another log.
  [[nodiscard]] NamedModel against(const std::string& run, Device device) const;

 private:
  struct Read {
    RunData data;
    bool is_of_runs = false;  // all of them were trained on it
  };
  static std::optional<RunData> read_as_trained(const std::vector<std::string>& runs,
                                                const data::DataConfig& config,
                                                const Notes& notes);
  static Read read_any(const std::vector<std::string>& runs,
                       const DataPlace& place,
                       const Notes& notes);
  static Read read_own(const std::vector<std::string>& runs,
                       const DataPlace& place,
                       const Notes& notes);
  // Throws UsageError if the run was trained on the events to rank, as far as data.json shows.
  void check_not_trained_on(const std::string& run) const;
  [[nodiscard]] data::Split in_items_of(const std::string& run,
                                        const train::SavedModel& saved) const;

  std::string first_;
  bool may_differ_;
  data::Subset subset_;
  Read read_;
  std::optional<data::Split> in_items_;  // of the first run, if it was trained on another log
};

}  // namespace elastic::cli
