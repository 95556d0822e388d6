#include "cli/commands/train/resumed_options.h"

#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/options/option_sources.h"
#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"
#include "data/json_document.h"
#include "train/checkpoint.h"
#include "train/config_json.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

// True for an option that must keep its value when the run is resumed.
bool is_fixed(const Option& option) {
  return option.scope == Scope::kEverywhere && option.group != kTrainingGroup &&
         option.group != kRecordsGroup && !is_data_path(option.key);
}

}  // namespace

std::string fixed_options(const OptionTable& table,
                          const train::TrainConfig& config,
                          const std::string& item_vectors_hash) {
  const std::set<std::string> free = train::free_options(config);
  nlohmann::ordered_json fixed = nlohmann::ordered_json::object();
  for (const auto& option : table.options()) {
    if (option->scope == Scope::kEverywhere && option->group != kRecordsGroup &&
        !is_data_path(option->key) && !free.contains(option->key)) {
      fixed[option->key] = to_json(option->target);
    }
  }
  if (!item_vectors_hash.empty()) {
    fixed["item_vectors_hash"] = item_vectors_hash;
  }
  return data::json_text(fixed);
}

ConfigLayer ResumedOptions::read(const std::string& out) {
  const std::filesystem::path folder(out);
  if (!is_present((folder / "config.json").string())) {
    throw UsageError("--resume: there is no run in ", out, "; leave out --resume to start one");
  }
  before_ = read_run_config(out);
  train::add_former_values(before_.values);
  before_.values.emplace("refit", choice_name(data::Refit::kNone));
  before_.values.emplace("init_from", "");
  before_.values.emplace("init_moments", false);
  if (is_present((folder / "sources.json").string())) {
    sources_ = train::read_json_object((folder / "sources.json").string());
  }
  return before_;
}

void ResumedOptions::check_unchanged(const OptionTable& table) const {
  for (const auto& option : table.options()) {
    if (!is_fixed(*option) || !before_.values.contains(option->key)) {
      continue;
    }
    const nlohmann::json& before = before_.values[option->key];
    const nlohmann::json value = to_json(option->target);
    if (option->normalised(before) != value) {
      throw UsageError("--resume: the run was started with ",
                       option->key,
                       " ",
                       data::json_text(before),
                       ", not ",
                       data::json_text(value),
                       " (",
                       option->source,
                       "); start another run with another --out");
    }
  }
}

void ResumedOptions::check_over(const OptionTable& table,
                                const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    const Option& option = table.find(key);
    if (before_.values.contains(key) && before_.values[key] != to_json(option.target)) {
      throw UsageError(option.source,
                       ": the search for the best epoch is over, with ",
                       key,
                       " ",
                       data::json_text(before_.values[key]),
                       "; leave it out, or start another run with another --out");
    }
  }
}

nlohmann::ordered_json ResumedOptions::sources(const OptionTable& table) const {
  return option_sources(table, sources_, before_.source);
}

}  // namespace elastic::cli
