// Config files: one JSON object, comments allowed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace elastic::cli {

/// The values of a config file.
struct ConfigLayer {
  nlohmann::json values;
  std::string source;  ///< for messages: the file's name
};

/// Throws UsageError naming the file, and line and column for a syntax error or a repeated key.
nlohmann::json read_config(const std::string& path);

}  // namespace elastic::cli
