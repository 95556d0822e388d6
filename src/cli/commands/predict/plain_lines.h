// `predict --users`, `--histories`, `--similar`: the meaning of a line that is not JSON.
#pragma once

#include "cli/asking/query.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class PlainLines {
 public:
  void declare(OptionTable& table);
  /// Throws UsageError if more than one of the three is set.
  void check() const;
  /// kAny unless an option selects another meaning.
  [[nodiscard]] PlainLine meaning() const;

 private:
  bool users_ = false;
  bool histories_ = false;
  bool similar_ = false;
};

}  // namespace elastic::cli
