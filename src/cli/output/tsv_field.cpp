#include "cli/output/tsv_field.h"

#include <algorithm>

namespace elastic::cli {

std::string tsv_field(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace elastic::cli
