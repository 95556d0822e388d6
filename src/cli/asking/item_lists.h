// --candidates and --exclude: files of items that hold for all answers.
#pragma once

#include <string>

#include "cli/asking/recommender.h"
#include "cli/options/option_table.h"
#include "cli/runs/run_data.h"

namespace elastic::cli {

class ItemLists {
 public:
  /// Declares both in the present group.
  void declare(OptionTable& table);
  /// Throws UsageError for standard input, which is for the questions.
  void check() const;
  /// Reads the files and sets the items; notes those that the model does not know. Throws DataError
  /// if no candidate is known.
  void apply(Recommender& recommender, const Notes& note) const;

 private:
  std::string candidates_;
  std::string exclude_;
};

}  // namespace elastic::cli
