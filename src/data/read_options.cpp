#include "data/read_options.h"

#include "base/error.h"
#include "data/asked_columns.h"
#include "data/keep_rule.h"
#include "data/time_format.h"

namespace elastic::data {

void check(const ReadOptions& options) {
  const AskedColumns asked = asked_columns(options);
  const bool names =
      !asked.user.empty() || !asked.item.empty() || !asked.time.empty() || !asked.rating.empty();
  const bool lines =
      options.format == FileFormat::kSequences || options.format == FileFormat::kHistories;
  if (names && lines) {
    throw UsageError(options.columns.empty() ? "--user-column, --item-column, ..." : "--columns",
                     ": has no effect with --format ",
                     choice_name(options.format));
  }
  if (asked.num_positions > 0 && options.format == FileFormat::kJsonl) {
    throw UsageError("--columns: objects have no positions; write user=KEY,item=KEY");
  }
  for (const std::string& rule : options.keep) {
    KeepRule::parse(rule);
    if (lines) {
      throw UsageError("--keep: has no effect with --format ", choice_name(options.format));
    }
  }
  if (!options.time_format.empty()) {
    TimeFormat::parse_pattern(options.time_format);
  }
}

}  // namespace elastic::data
