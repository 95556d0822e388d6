// What this binary was built from and with; stands in --version and in every result.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace elastic::cli {

/// "0.1.0"
std::string version();
/// version, commit, build type, compiler, flags, libraries, devices.
nlohmann::ordered_json build_info();
/// The same as lines for --version.
std::string version_text();

}  // namespace elastic::cli
