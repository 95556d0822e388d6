#include "cli/options/config_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    const int error = errno;
    throw UsageError("--config: cannot read ",
                     path,
                     error != 0 ? ": " : "",
                     error != 0 ? std::strerror(error) : " (empty?)");
  }
  return text.str();
}

// "[json.exception.parse_error.101] parse error at line 1, column 2: ..." -> "line 1, column 2:
// ...", and "[json.exception.out_of_range.406] number overflow ..." -> "number overflow ..."
std::string readable(const std::string& what) {
  const std::string marker = "parse error at ";
  const auto start = what.find(marker);
  return start != std::string::npos ? what.substr(start + marker.size())
                                    : what.substr(what.find("] ") + 2);
}

}  // namespace

nlohmann::json read_config(const std::string& path) {
  errno = 0;
  const std::string text = read_text(path);
  std::set<std::string> keys;
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, auto& parsed) {
    if (depth > data::kDeepestJson) {
      throw UsageError(path, ": nested deeper than ", data::kDeepestJson, " levels");
    }
    if (depth == 1 && event == nlohmann::json::parse_event_t::key &&
        !keys.insert(parsed.template get<std::string>()).second) {
      throw UsageError(path, ": key ", data::json_text(parsed), " is repeated");
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, check, true, /*ignore_comments=*/true);
  } catch (const nlohmann::json::exception& error) {  // also an out-of-range number
    throw UsageError(path, ": ", readable(error.what()));
  }
}

}  // namespace elastic::cli
