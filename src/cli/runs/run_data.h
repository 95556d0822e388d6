// The interactions that a run learns from: read, filtered, split, and told of.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/options/option_table.h"
#include "data/data_config.h"
#include "data/split.h"
#include "train/items_file.h"

namespace elastic::cli {

/// Takes a line for the user.
using Notes = std::function<void(const std::string&)>;

struct RunData {
  data::LoadedData loaded;
  data::Split split;
};

/// Declares the options under "Data".
void declare_data(OptionTable& table, data::DataConfig& config);
/// True for the options that name a file of data.
bool is_data_path(const std::string& key);
/// Declares --cache in the present group; `cache` holds "auto".
void declare_cache(OptionTable& table, std::string& cache);
/// DataConfig's cache_folder for the option's value. Throws UsageError for "".
std::string cache_folder(const std::string& cache);
/// So that the options stay true in another folder. Standard input stays "-".
void make_paths_absolute(data::DataConfig& config);

/// Notes what was detected, and what each filter left. Throws DataError or UsageError.
RunData read_data(const data::DataConfig& config, const Notes& notes);
/// What items.tsv of the run holds.
std::vector<train::ItemName> item_names(const data::Dataset& dataset);

}  // namespace elastic::cli
