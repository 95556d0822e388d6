#include "cli/runs/run_rules.h"

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_files.h"
#include "data/json_document.h"
#include "eval/cutoffs.h"

namespace elastic::cli {
namespace {

bool has_config(const std::string& run) {
  return is_present(file_of(run, "config.json"));
}

// Throws CheckpointError if the run's cutoffs are unusable.
void check_cutoffs(const ConfigLayer& config) {
  if (!config.values.contains("k")) {
    return;
  }
  const nlohmann::json& k = config.values["k"];
  try {
    eval::Cutoffs::parse(k.is_string() ? k.get<std::string>() : data::json_text(k),
                         concat(config.source, ": k"));
  } catch (const UsageError& error) {
    throw CheckpointError(error.what());
  }
}

}  // namespace

void declare_cutoffs(OptionTable& table, std::string& k) {
  table.add("k", &k, "cutoffs k of the metrics, between commas; 10 is always among them")
      .value_name = "LIST";
}

void take_from_run(Option& option) {
  option.session().of_run = true;
  option.default_text = "as in training";
}

bool is_set_by_call(const Option& option, const std::string& run) {
  return option.is_set() && option.source != file_of(run, "config.json");
}

eval::RankingRules read_run_rules(const std::string& run) {
  eval::RankingRules rules;
  if (has_config(run)) {
    OptionTable table;
    table.add_all(rules);
    set_from_run(table, read_run_config(run));
  }
  return rules;
}

std::optional<ConfigLayer> run_rules_layer(const std::string& run,
                                           const std::vector<std::string>& keys) {
  if (!has_config(run)) {
    return std::nullopt;
  }
  read_run_rules(run);  // refuses a value of the wrong type
  const ConfigLayer config = read_run_config(run);
  check_cutoffs(config);
  ConfigLayer layer{nlohmann::json::object(), config.source, config.of_run};
  for (const std::string& key : keys) {
    if (config.values.contains(key)) {
      layer.values[key] = config.values[key];
    }
  }
  return layer;
}

}  // namespace elastic::cli
