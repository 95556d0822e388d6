// --new-items: items that the model was not trained with, answered by their vectors alone.
#pragma once

#include <string>
#include <vector>

#include "cli/options/option_table.h"
#include "cli/runs/run_data.h"
#include "cli/runs/run_list.h"
#include "train/items_file.h"
#include "train/saved_model.h"

namespace elastic::cli {

class NewItems {
 public:
  /// Declares the option in the present group.
  void declare(OptionTable& table);
  [[nodiscard]] bool is_set() const { return !path_.empty(); }
  /// Throws UsageError for standard input, and for several runs.
  void check(const RunList& runs) const;
  /// Throws UsageError if streams of events would be read: their saved states name items by number.
  void check_events(bool reads_events, const char* remedy) const;
  /// Reads the file and adds its items to the model and to `names`, but for those that the model
  /// knows. Throws UsageError if the model has no item vectors, DataError if the file is unusable
  /// or lacks a column that the model's vectors have.
  void add_to(train::SavedModel& saved,
              std::vector<train::ItemName>& names,
              const Notes& note) const;

 private:
  std::string path_;
};

}  // namespace elastic::cli
