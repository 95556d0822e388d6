// RUN/sources.json: the file, variable or flag that set each option of a run.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/options/option_table.h"

namespace elastic::cli {

/// Config key -> file, variable or flag, without keys at their default. A value from `run_config`,
/// the run's own config.json, keeps its source in `before`; if `before` has none, the source is
/// `run_config`.
nlohmann::ordered_json option_sources(const OptionTable& table,
                                      const nlohmann::ordered_json& before,
                                      const std::string& run_config);

}  // namespace elastic::cli
