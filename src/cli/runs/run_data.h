// The interactions of a run: read, filtered, split, and described in notes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/options/option_table.h"
#include "data/data_config.h"
#include "data/split.h"
#include "train/items_file.h"

namespace elastic::cli {

/// Shows a line to the user.
using Notes = std::function<void(const std::string&)>;

struct RunData {
  data::LoadedData loaded;
  data::Split split;
};

/// Declares the options under "Data".
void declare_data(OptionTable& table, data::DataConfig& config);
/// Declares --refit in the present group.
void declare_refit(OptionTable& table, data::Refit& refit);
/// Throws UsageError if the split holds out no events to train on later.
void check_refit(data::Refit refit, const data::DataConfig& config);
/// True if the option names a data file.
bool is_data_path(const std::string& key);
/// Declares --cache in the present group. `cache` holds the default, "auto".
void declare_cache(OptionTable& table, std::string& cache);
/// DataConfig::cache_folder for a value of --cache. Throws UsageError for "".
std::string cache_folder(const std::string& cache);
/// The path, independent of the current folder. "" and "-", standard input, are kept.
std::string absolute_path(const std::string& path);
/// The same for the paths of the data.
void make_paths_absolute(data::DataConfig& config);

/// Notes about the files as they were read: form, columns, times.
void note_log(const data::LoadedData& loaded, const Notes& notes);
/// Notes about the split: the events to train on, the users to evaluate.
void note_split(const data::Split& split, const Notes& notes);
/// Reads, filters and splits the data, with notes about its format, each filter and the split.
/// Throws DataError or UsageError.
RunData read_data(const data::DataConfig& config,
                  const Notes& notes,
                  data::Refit refit = data::Refit::kNone);
/// The content of items.tsv: the names of items 1..V.
std::vector<train::ItemName> item_names(const data::Dataset& dataset);

}  // namespace elastic::cli
