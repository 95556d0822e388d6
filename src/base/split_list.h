// Lists in the value of an option.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace elastic {

/// The parts of "a,b,c" between the commas; those of "" are one empty part.
inline std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace elastic
