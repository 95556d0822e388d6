// Flags that exclude each other.
#pragma once

#include <string>
#include <vector>

#include "cli/options/option_table.h"

namespace elastic::cli {

/// Throws UsageError if the option of one of `keys` is set on the command line: it has no effect
/// together with the flag `other`.
void refuse_flags(const OptionTable& table,
                  const std::string& other,
                  const std::vector<std::string>& keys);

}  // namespace elastic::cli
