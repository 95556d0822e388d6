// Config files: one JSON object, comments allowed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace elastic::cli {

/// The values of a config file.
struct ConfigLayer {
  nlohmann::json values;
  std::string source;   ///< for messages: the file's name
  bool of_run = false;  ///< a file that the tool wrote: its faults are not the user's
};

/// Reads the file at `path`. Throws UsageError that names the file if it cannot be read, with line
/// and column if it is not JSON, and for a repeated key.
nlohmann::json read_config(const std::string& path);

}  // namespace elastic::cli
