#include "cli/runs/run_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <tuple>

#include "base/error.h"
#include "cli/runs/run_model.h"
#include "data/json_document.h"
#include "train/run_directory.h"
#include "train/run_folder.h"

namespace elastic::cli {
namespace {

// The data options of RUN/config.json.
struct RunDataOptions {
  data::DataConfig config;
  data::Refit refit = data::Refit::kNone;
};

RunDataOptions read_data_options(const std::string& run) {
  RunDataOptions options;
  OptionTable table;
  declare_data(table, options.config);
  declare_refit(table, options.refit);
  set_from_run(table, read_run_config(run));
  return options;
}

// A value of RUN/data.json that differs from the data.
struct Difference {
  const char* key;
  std::string before;
  std::string now;
};

std::optional<Difference> first_difference(const std::string& run,
                                           const RunData& data,
                                           const std::vector<std::string>& split_hashes) {
  const std::string path = file_of(run, "data.json");
  const nlohmann::ordered_json before = train::read_json(path);
  const nlohmann::ordered_json now = data::describe(data.loaded, data.split);
  for (const char* key : {"users", "items", "events", "data_hash", "split"}) {
    if (!before.is_object() || !before.contains(key)) {
      throw CheckpointError(path, ": there is no ", key, "; it was not written by elastic train");
    }
    // The hash identifies the split; earlier versions wrote fewer other facts about it.
    const bool is_split = std::string_view(key) == "split" && before[key].is_object();
    if (is_split
            ? std::find(split_hashes.begin(), split_hashes.end(), text_at(before[key], "hash")) ==
                  split_hashes.end()
            : before[key] != now[key]) {
      return Difference{key, data::json_text(before[key]), data::json_text(now[key])};
    }
  }
  if (before.contains(kTimesHash)) {  // of a model that reads times
    const nlohmann::ordered_json times = data.split.dataset().times_hash();
    if (before[kTimesHash] != times) {
      return Difference{kTimesHash, data::json_text(before[kTimesHash]), data::json_text(times)};
    }
  }
  return std::nullopt;
}

void refuse_other_data(const std::string& run, const RunData& data, const char* remedy) {
  if (const auto difference = first_difference(run, data, {data.split.hash()})) {
    throw CheckpointError(file_of(run, "data.json"),
                          ": the data is not what the run was trained on: ",
                          difference->key,
                          " ",
                          difference->now,
                          ", expected ",
                          difference->before,
                          "; ",
                          remedy);
  }
}

}  // namespace

std::string file_of(const std::string& run, const char* name) {
  return (std::filesystem::path(run) / name).string();
}

std::string search_folder(const std::string& run) {
  return file_of(run, train::kSearchFolder);
}

ConfigLayer read_run_config(const std::string& run) {
  const std::string path = file_of(run, "config.json");
  return {train::read_json_object(path), path, /*of_run=*/true};
}

void set_from_run(OptionTable& table, const ConfigLayer& config) {
  for (const auto& option : table.options()) {
    if (config.values.contains(option->key)) {
      try {
        option->set(config.values[option->key], concat(config.source, ": ", option->key));
      } catch (const UsageError& error) {
        throw CheckpointError(error.what());
      }
    }
  }
}

void check_same_data(const std::string& run, const RunData& data) {
  refuse_other_data(run, data, "point --data at the original file");
}

void check_comparable(const char* option, const std::string& run, const RunData& data) {
  if (const auto difference = first_difference(run, data, {data.split.hash()})) {
    throw UsageError(option,
                     ": ",
                     run,
                     " was trained on other data or another split: ",
                     difference->key,
                     " ",
                     difference->before,
                     ", expected ",
                     difference->now,
                     "; runs compare only on the same data");
  }
}

bool has_same_events(const std::string& run, const RunData& data, data::Subset subset) {
  std::vector<std::string> hashes{data.split.hash()};
  if (subset == data::Subset::kTest && data.split.holds_out(subset)) {
    const data::Split plain(data.loaded.dataset, data.loaded.plan);
    hashes.push_back(plain.hash());
    hashes.push_back(plain.refitted(data::Refit::kValidation).hash());
  }
  return !first_difference(run, data, hashes);
}

data::Refit refit_of(const std::string& run) {
  return read_data_options(run).refit;
}

void declare_run(OptionTable& table, std::string& run) {
  table.add("run", &run, "the run directory that `elastic train` made").positional("RUN").required =
      true;
}

void declare_place(OptionTable& table, DataPlace& place) {
  // Flags only: a variable for training would point elsewhere.
  table.add("data", &place.data, "the data, if it has moved since the training").flag_only("FILE");
  table.add("valid_data", &place.valid_data, "the validation file, if it has moved")
      .flag_only("FILE");
  table.add("test_data", &place.test_data, "the test file, if it has moved").flag_only("FILE");
  declare_cache(table, place.cache);
}

data::DataConfig config_of_data(const std::string& run, const DataPlace& place) {
  data::DataConfig config = read_data_options(run).config;
  config.read.cache_folder = cache_folder(place.cache);
  const auto refuse_stdin = [](const char* flag) {
    throw UsageError("the run was trained from standard input; point ", flag, " at its data");
  };
  if (!place.data.empty()) {
    config.data = place.data;
  } else if (std::count(config.data.begin(), config.data.end(), "-") > 0) {
    refuse_stdin("--data");
  }
  for (const auto& [flag, moved, path] :
       {std::tuple("--valid-data", &place.valid_data, &config.valid_data),
        std::tuple("--test-data", &place.test_data, &config.test_data)}) {
    if (!moved->empty() && path->empty()) {
      throw UsageError(flag, ": the run has no such file; its split uses another rule");
    }
    if (moved->empty() && *path == "-") {
      refuse_stdin(flag);
    }
    *path = moved->empty() ? *path : *moved;
  }
  return config;
}

RunData read_data_again(const std::string& run, const DataPlace& place, const Notes& notes) {
  RunData data = read_data(config_of_data(run, place), notes, read_data_options(run).refit);
  refuse_other_data(
      run, data, "point --data at the original file, or add --other-log to evaluate on another");
  return data;
}

}  // namespace elastic::cli
