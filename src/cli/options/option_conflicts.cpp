#include "cli/options/option_conflicts.h"

#include "base/error.h"

namespace elastic::cli {

void refuse_flags(const OptionTable& table,
                  const std::string& other,
                  const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const Option& option = table.find(key);
    if (option.is_given()) {
      throw UsageError(option.flag(), " has no effect with ", other, "; leave one of them out");
    }
  }
}

}  // namespace elastic::cli
