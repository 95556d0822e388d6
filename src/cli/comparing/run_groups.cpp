#include "cli/comparing/run_groups.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "base/split_list.h"
#include "cli/options/option_table.h"
#include "cli/runs/run_files.h"
#include "data/data_config.h"
#include "data/json_document.h"
#include "eval/ranking_rules.h"
#include "model/model_config.h"
#include "train/train_config.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// Options that do not decide about a model, besides those of the data.
bool is_left_out(const std::string& key) {
  static const std::set<std::string> keys{
      "seed", "save_every_s", "threads", "cuda_graphs", "tensorboard", "report"};
  return keys.count(key) > 0;
}

std::set<std::string> keys_of_data() {
  data::DataConfig unused;
  OptionTable table;
  declare_data(table, unused);
  std::set<std::string> keys;
  for (const auto& option : table.options()) {
    keys.insert(option->key);
  }
  return keys;
}

// The present options of models and trainings, with their defaults.
ordered_json default_options() {
  ModelConfig model;
  train::TrainConfig train;
  eval::RankingRules rules;
  OptionTable table;
  table.add_all(model);
  table.add_all(train);
  table.add_all(rules);
  return table.to_config();
}

bool is_read_by(const std::string& model, const std::string& key) {
  const auto readers = models_with_option(key);
  return readers.empty() || std::find(readers.begin(), readers.end(), model) != readers.end();
}

std::string option_text(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : data::json_text(value);
}

const ordered_json& value_at(const ordered_json& options, const std::string& key) {
  static const ordered_json kNone;
  const auto found = options.find(key);
  return found == options.end() ? kNone : *found;
}

// The options that occur in a run, `model` first.
std::vector<std::string> all_keys(const std::vector<ComparedRun>& runs) {
  std::vector<std::string> keys{"model"};
  std::set<std::string> known{"model"};
  for (const ComparedRun& run : runs) {
    for (const auto& [key, value] : run.options.items()) {
      if (known.insert(key).second) {
        keys.push_back(key);
      }
    }
  }
  return keys;
}

bool agree_on(const std::vector<std::string>& keys,
              const ComparedRun& one,
              const ComparedRun& two) {
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return key == "seed" ? one.seed == two.seed
                         : value_at(one.options, key) == value_at(two.options, key);
  });
}

// The keys of --group-by, as in config files.
std::vector<std::string> parse_group_by(const std::string& text,
                                        const std::vector<std::string>& known) {
  std::vector<std::string> keys;
  for (std::string key : split_list(text)) {
    std::replace(key.begin(), key.end(), '-', '_');
    if (key != "seed" && std::find(known.begin(), known.end(), key) == known.end()) {
      throw UsageError("--group-by: expected options of the runs, as in model,num_experts, got \"",
                       key,
                       "\"",
                       did_you_mean(key, known));
    }
    keys.push_back(key);
  }
  return keys;
}

void refuse_repeated(const std::vector<ComparedRun>& runs, const std::vector<std::string>& keys) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (runs[i].seed == runs[j].seed && agree_on(keys, runs[i], runs[j])) {
        throw UsageError("RUN: ",
                         runs[j].path,
                         " and ",
                         runs[i].path,
                         " are the same training: they have the same options and the seed ",
                         runs[i].seed,
                         "; a seed counts once");
      }
    }
  }
}

ordered_json value_in(const ComparedRun& run, const std::string& key) {
  return key == "seed" ? ordered_json(run.seed) : value_at(run.options, key);
}

// Names the groups by the options among `keys` in which those that have the option differ.
void name_groups(const std::vector<std::string>& keys, std::vector<RunGroup>& groups) {
  for (const std::string& key : keys) {
    std::set<ordered_json> values;
    for (const RunGroup& group : groups) {
      values.insert(value_in(group.runs.front(), key));
    }
    values.erase(ordered_json());  // of models without the option
    for (RunGroup& group : groups) {
      const ordered_json value = value_in(group.runs.front(), key);
      if (values.size() > 1 && !value.is_null()) {
        group.options[key] = value;
        group.name += group.name.empty() ? "" : " ";
        group.name += key == "model" ? option_text(value) : concat(key, "=", option_text(value));
      }
    }
  }
  for (RunGroup& group : groups) {
    if (group.name.empty()) {
      group.name = option_text(value_at(group.runs.front().options, "model"));
    }
  }
}

void note_mixtures(const std::vector<RunGroup>& groups,
                   const std::vector<std::string>& keys,
                   const Notes& notes) {
  for (const RunGroup& group : groups) {
    std::string mixed;
    for (const std::string& key : keys) {
      const bool differs =
          std::any_of(group.runs.begin(), group.runs.end(), [&](const ComparedRun& run) {
            return value_in(run, key) != value_in(group.runs.front(), key);
          });
      mixed += differs ? (mixed.empty() ? "" : ", ") + key : "";
    }
    if (!mixed.empty()) {
      notes(concat("group ", group.name, ": the runs differ in ", mixed, ", not only in the seed"));
    }
  }
}

}  // namespace

ComparedRun read_compared_run(const std::string& run) {
  static const std::set<std::string> data_keys = keys_of_data();
  const ConfigLayer config = read_run_config(run);
  ordered_json values = default_options();
  for (const auto& [key, value] : config.values.items()) {
    values[key] = value;
  }
  ComparedRun compared;
  compared.path = run;
  if (!values["seed"].is_number_unsigned() || !values["model"].is_string()) {
    throw CheckpointError(config.source, ": expected a seed and a model, as train writes them");
  }
  compared.seed = values["seed"].get<std::uint64_t>();
  const std::string model = values["model"].get<std::string>();
  for (const auto& [key, value] : values.items()) {
    if (!is_left_out(key) && data_keys.count(key) == 0 && is_read_by(model, key)) {
      compared.options[key] = value;
    }
  }
  return compared;
}

std::vector<RunGroup> group_runs(const std::vector<ComparedRun>& runs,
                                 const std::string& group_by,
                                 const Notes& notes) {
  const std::vector<std::string> all = all_keys(runs);
  const std::vector<std::string> keys = group_by.empty() ? all : parse_group_by(group_by, all);
  refuse_repeated(runs, all);
  std::vector<RunGroup> groups;
  for (const ComparedRun& run : runs) {
    auto found = std::find_if(groups.begin(), groups.end(), [&](const RunGroup& group) {
      return agree_on(keys, group.runs.front(), run);
    });
    if (found == groups.end()) {
      groups.emplace_back();
      found = groups.end() - 1;
    }
    found->runs.push_back(run);
  }
  name_groups(keys, groups);
  note_mixtures(groups, all, notes);
  return groups;
}

std::size_t find_group(const std::vector<RunGroup>& groups, const std::string& name) {
  std::vector<std::string> names;
  std::string list;
  for (const RunGroup& group : groups) {
    list += (names.empty() ? "\"" : ", \"") + group.name + "\"";
    names.push_back(group.name);
  }
  if (name.empty()) {
    return 0;
  }
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw UsageError(
        "--baseline: expected a group, ", list, ", got \"", name, "\"", did_you_mean(name, names));
  }
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace elastic::cli
