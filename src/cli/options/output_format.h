// The choice between a table for people and JSON for programs.
#pragma once

#include <string>

#include "cli/options/option_table.h"

namespace elastic::cli {

struct OutputFormat {
  std::string name;   ///< the value of -o
  bool json = false;  ///< --json
};

/// Declares -o and --json under "Output"; `help` lists the formats.
void declare_output(OptionTable& table,
                    OutputFormat& format,
                    const std::string& default_name,
                    const std::string& help);
/// "json" with --json, else the value of -o.
std::string chosen_format(const OutputFormat& format);
/// Throws UsageError unless the format is json or table.
bool wants_json(const OutputFormat& format);

}  // namespace elastic::cli
