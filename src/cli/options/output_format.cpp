#include "cli/options/output_format.h"

#include "base/error.h"
#include "base/nearest.h"

namespace elastic::cli {

void declare_output(OptionTable& table,
                    OutputFormat& format,
                    const std::string& default_name,
                    const std::string& help) {
  format.name = default_name;
  table.begin_group("Output");
  table.add("output", &format.name, help).flag_only("FORMAT").letter('o');
  table.add("json", &format.json, "the same as -o json").flag_only();
}

std::string chosen_format(const OutputFormat& format) {
  return format.json ? "json" : format.name;
}

bool wants_json(const OutputFormat& format) {
  const std::string name = chosen_format(format);
  if (name != "json" && name != "table") {
    throw UsageError("--output: expected table or json, got \"",
                     name,
                     "\"",
                     did_you_mean(name, {"table", "json"}));
  }
  return name == "json";
}

}  // namespace elastic::cli
