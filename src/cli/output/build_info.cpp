#include "cli/output/build_info.h"

#include "build_commit.h"  // made by cmake/build_commit.cmake
#include "tensor/cpu_level.h"

namespace elastic::cli {

// The macros come from the elastic_cli part of CMakeLists.txt.
std::string version() {
  return ELASTIC_VERSION;
}

std::vector<std::pair<std::string, std::string>> build_info() {
  return {{"version", ELASTIC_VERSION},
          {"commit", ELASTIC_BUILD_COMMIT},
          {"build_type", ELASTIC_BUILD_TYPE},
          {"compiler", ELASTIC_COMPILER},
          {"flags", ELASTIC_BUILD_FLAGS},
          {"cpu", cpu_level_name()},
          {"eigen", ELASTIC_EIGEN_VERSION},
          {"openmp", ELASTIC_OPENMP_VERSION},
          {"cuda", ELASTIC_CUDA_VERSION}};
}

std::string version_text() {
  std::string text = "elastic " + version() + "\n";
  for (const auto& [name, value] : build_info()) {
    if (name != "version") {
      std::string line = "  " + name;
      line.resize(14, ' ');
      text += line;
      text += value;
      text += '\n';
    }
  }
  return text;
}

}  // namespace elastic::cli
