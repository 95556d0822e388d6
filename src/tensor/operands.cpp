#include "tensor/operands.h"

#include <string_view>

namespace elastic {
namespace {

// "x", "*segments", "device_" or "SomeRows{table, count}".
std::string operand_name(std::string_view text) {
  const std::size_t begin = text.find('{') == std::string_view::npos ? 0 : text.find('{') + 1;
  const std::string_view from = text.substr(text.find_first_not_of(" *", begin));
  return std::string(from.substr(0, from.find_first_of(", }")));
}

}  // namespace

std::vector<std::string> operand_names(const char* text) {
  std::vector<std::string> names;
  const std::string_view all(text);
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= all.size(); ++i) {
    if (i == all.size() || (all[i] == ',' && depth == 0)) {
      names.push_back(operand_name(all.substr(begin, i - begin)));
      begin = i + 1;
    } else {
      depth += all[i] == '{' || all[i] == '(' ? 1 : 0;
      depth -= all[i] == '}' || all[i] == ')' ? 1 : 0;
    }
  }
  return names;
}

}  // namespace elastic
