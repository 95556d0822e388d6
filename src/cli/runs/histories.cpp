#include "cli/runs/histories.h"

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_model.h"
#include "data/data_config.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

// The hash of the data that the run was trained on; "" if the run does not say.
std::string trained_hash(const std::string& run) {
  const std::string path = file_of(run, "data.json");
  return is_present(path) ? text_at(train::read_json_object(path), "data_hash") : "";
}

// The run's data as it was filtered for training; none if these filters or the split do not fit.
std::shared_ptr<const data::Dataset> read_filtered(const data::DataConfig& config) {
  try {
    return data::load_data(config).dataset;
  } catch (const DataError&) {
    return nullptr;
  }
}

data::DataConfig without_counts(data::DataConfig config) {
  config.filters.min_user_events = 1;
  config.filters.min_item_events = 1;
  if (config.valid_data.empty()) {
    config.split = {};
  }
  return config;
}

}  // namespace

void declare_histories(OptionTable& table, DataPlace& place) {
  declare_place(table, place);
  table.find("data").help =
      "the log with the users' histories, by default the training's; another, such as today's, has "
      "the same form, and its unknown items are skipped and counted";
}

Histories read_histories(const std::string& run, const DataPlace& place) {
  data::DataConfig config = config_of_data(run, place);
  config.items = "";  // titles are the run's
  config.titles = {};
  const bool is_another_log = !place.data.empty() && place.valid_data.empty();
  if (is_another_log && !config.valid_data.empty()) {  // its held-out files are another log's
    config.valid_data = "";
    config.test_data = "";
    config.split = {};
  }
  const bool is_stdin = config.data.size() == 1 && config.data.front() == "-";
  if (!is_stdin) {
    if (const auto dataset = read_filtered(config); dataset != nullptr) {
      if (dataset->hash() == trained_hash(run)) {
        return {dataset, true};
      }
    }
  }
  return {data::load_data(without_counts(config)).dataset, false};
}

}  // namespace elastic::cli
