#include "cli/runs/run_list.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "base/split_list.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "model/mean_model.h"
#include "train/items_file.h"

namespace elastic::cli {

void RunList::declare(OptionTable& table) {
  declare_run(table, text_);
  table.find("run").help += "; of several, RUN1,RUN2, the mean of the models' scores counts";
}

std::vector<std::string> split_runs(const std::string& text) {
  if (is_present(text)) {
    return {text};
  }
  return split_list(text);
}

train::SavedModel RunList::load(Device device) const {
  const std::vector<std::string> all = runs();
  if (all.size() == 1) {
    return load_run_model(all.front(), device);
  }
  train::SavedModel mean;
  std::vector<train::ItemName> items;
  std::vector<std::unique_ptr<Model>> models;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].empty()) {
      throw UsageError("RUN: expected RUN1,RUN2,.., got '", text_, "'");
    }
    if (std::count(all.begin(), all.end(), all[i]) > 1) {
      throw UsageError("RUN: ", all[i], " is named twice");
    }
    train::SavedModel saved = load_run_model(all[i], device);
    std::vector<train::ItemName> names =
        train::read_items(file_of(all[i], train::kItemsFile), saved.info.identity.items_hash);
    models.push_back(std::move(saved.model));
    if (i == 0) {
      mean.info = std::move(saved.info);
      items = std::move(names);
    } else if (names != items) {
      throw UsageError("RUN: ",
                       all[i],
                       " has other items than ",
                       all[0],
                       "; a mean needs runs of the same data");
    }
  }
  mean.model = std::make_unique<MeanModel>(std::move(models));
  return mean;
}

}  // namespace elastic::cli
