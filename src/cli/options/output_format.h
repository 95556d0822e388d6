// The choice between forms of the output: a table for people, JSON for programs and others.
#pragma once

#include "base/choice.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

/// The forms that most commands have.
enum class TableFormat { kTable, kJson };
constexpr auto choices_of(TableFormat) {
  using enum TableFormat;
  return std::to_array<Choice<TableFormat>>({{kTable, "table"}, {kJson, "json"}});
}

/// -o and --json; E has a kJson.
template <NamedChoice E>
struct OutputFormat {
  E format{};         ///< the value of -o
  bool json = false;  ///< --json

  [[nodiscard]] E chosen() const { return json ? E::kJson : format; }
};

/// Declares -o and --json under "Output".
template <NamedChoice E>
void declare_output(OptionTable& table, OutputFormat<E>& format) {
  table.begin_group("Output");
  table.add("output", &format.format, "").flag_only("FORMAT").letter('o');
  table.add("json", &format.json, "the same as -o json").flag_only();
}

inline bool wants_json(const OutputFormat<TableFormat>& format) {
  return format.chosen() == TableFormat::kJson;
}

}  // namespace elastic::cli
