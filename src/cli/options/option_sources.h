// RUN/sources.json: what set each option of a run, for those who read its report later.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/options/option_table.h"

namespace elastic::cli {

/// Key -> file, variable or flag, for the config keys that something has set. What came from
/// `run_config`, the run's own config.json, keeps what `before` says of it, or else names the file.
nlohmann::ordered_json option_sources(const OptionTable& table,
                                      const nlohmann::ordered_json& before,
                                      const std::string& run_config);

}  // namespace elastic::cli
