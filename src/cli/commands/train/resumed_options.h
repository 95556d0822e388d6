// The options of the run that `train --resume` continues, and their sources.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/options/config_file.h"
#include "cli/options/option_table.h"
#include "train/train_config.h"

namespace elastic::cli {

// Groups of options that may change when a run is resumed: the schedule of training, and the
// records written besides its results.
inline constexpr const char* kTrainingGroup = "Training";
inline constexpr const char* kRecordsGroup = "Records";

/// The options of `table` that fix the results of a run, with their values, as a JSON object: all
/// but the locations of the data, the records, and train::free_options. With item vectors also
/// their hash, under item_vectors_hash.
std::string fixed_options(const OptionTable& table,
                          const train::TrainConfig& config,
                          const std::string& item_vectors_hash);

/// Empty until `read`.
class ResumedOptions {
 public:
  /// Reads the options of the run in `out`. Throws UsageError if there is no run, CheckpointError
  /// if its files are unusable.
  ConfigLayer read(const std::string& out);
  /// Throws UsageError if an option outside those groups has another value than in the run.
  void check_unchanged(const OptionTable& table) const;
  /// Throws UsageError if one of the options `keys`, which are over with a part of the training,
  /// has another value than in the run.
  void check_over(const OptionTable& table, const std::vector<std::string>& keys) const;
  /// The content of the run's new sources.json.
  [[nodiscard]] nlohmann::ordered_json sources(const OptionTable& table) const;

 private:
  ConfigLayer before_;
  nlohmann::ordered_json sources_;  ///< the run's sources.json
};

}  // namespace elastic::cli
