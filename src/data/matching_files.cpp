#include "data/matching_files.h"

#include <glob.h>

#include <filesystem>
#include <memory>

#include "base/error.h"

namespace elastic::data {
namespace {

bool is_pattern(const std::string& text) {
  std::error_code error;
  return text.find_first_of("*?[") != std::string::npos && !std::filesystem::exists(text, error);
}

}  // namespace

std::vector<std::string> matching_files(const std::vector<std::string>& texts) {
  std::vector<std::string> files;
  for (const std::string& text : texts) {
    if (!is_pattern(text)) {
      files.push_back(text);
      continue;
    }
    glob_t matches{};
    const int result = glob(text.c_str(), 0, nullptr, &matches);
    const std::unique_ptr<glob_t, void (*)(glob_t*)> closer(&matches, globfree);
    if (result != 0) {
      throw DataError("data: no file matches ", text);
    }
    files.insert(files.end(), matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  }
  return files;
}

}  // namespace elastic::data
