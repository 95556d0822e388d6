// The version of this binary and how it was built, for --version and every result.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace elastic::cli {

/// The version, such as "0.1.0".
std::string version();
/// Version, commit, build type, compiler, flags and libraries.
nlohmann::ordered_json build_info();
/// The text of --version: the same facts, one per line.
std::string version_text();

}  // namespace elastic::cli
