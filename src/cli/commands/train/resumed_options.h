// The options of the run that `train --resume` goes on with, and what had set them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/options/config_file.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

// Groups of options that may change when a run is resumed: how long and how fast it trains, and
// what is written about it beside its results.
inline constexpr const char* kTrainingGroup = "Training";
inline constexpr const char* kRecordsGroup = "Records";

/// Without a run until `read`.
class ResumedOptions {
 public:
  /// The options of the run in `out`. Throws UsageError if there is none, CheckpointError if its
  /// files are unusable.
  ConfigLayer read(const std::string& out);
  /// Throws UsageError for an option that has another value than in the run, although it decides
  /// what is trained.
  void check_unchanged(const OptionTable& table) const;
  /// The content of sources.json.
  [[nodiscard]] nlohmann::ordered_json sources(const OptionTable& table) const;

 private:
  ConfigLayer before_;
  nlohmann::ordered_json sources_;  ///< what had set them
};

}  // namespace elastic::cli
