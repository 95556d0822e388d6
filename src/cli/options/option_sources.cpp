#include "cli/options/option_sources.h"

namespace elastic::cli {

nlohmann::ordered_json option_sources(const OptionTable& table,
                                      const nlohmann::ordered_json& before,
                                      const std::string& run_config) {
  nlohmann::ordered_json sources = nlohmann::ordered_json::object();
  for (const auto& option : table.options()) {
    if (option->scope != Scope::kEverywhere) {
      continue;
    }
    if (!option->is_set()) {
      if (to_text(option->target) != option->default_text) {
        sources[option->key] = option->default_text;  // `auto`, which the command has resolved
      }
      continue;
    }
    if (option->source != run_config) {
      sources[option->key] = option->source;
    } else if (before.is_object() && before.contains(option->key)) {
      sources[option->key] = before[option->key];
    } else if (to_text(option->target) != option->default_text) {
      sources[option->key] = run_config;  // for example if the run has no sources.json
    }
  }
  return sources;
}

}  // namespace elastic::cli
