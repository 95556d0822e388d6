// The version of this binary and how it was built, for --version and every result.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace elastic::cli {

/// The version, such as "0.1.0".
std::string version();
/// Names and values: version, commit, build type, compiler, flags and libraries.
std::vector<std::pair<std::string, std::string>> build_info();
/// The text of --version: the same facts, one per line.
std::string version_text();

}  // namespace elastic::cli
