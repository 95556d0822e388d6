#include "cli/options/model_flags.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "model/registry.h"

namespace elastic::cli {

Choices model_choices() {
  return {model_names(), /*list=*/false};
}

void declare_model(OptionTable& table, ModelConfig& config) {
  table.begin_group(kModelGroup);
  table.add_all(config);
  table.find("model").choices = model_choices();
}

std::vector<std::string> notes_on_unused_flags(const OptionTable& table,
                                               const std::vector<std::string>& models) {
  for (const std::string& model : models) {
    direction_of(model);  // refuses an unknown one
  }
  std::vector<std::string> notes;
  for (const auto& option : table.options()) {
    const std::vector<std::string> having = models_with_option(option->key);
    if (!option->is_given() || having.empty() ||
        std::find_first_of(models.begin(), models.end(), having.begin(), having.end()) !=
            models.end()) {
      continue;
    }
    notes.push_back(fmt::format("{} has no effect on {}; it is an option of {}",
                                option->flag(),
                                fmt::join(models, ", "),
                                fmt::join(having, ", ")));
  }
  return notes;
}

}  // namespace elastic::cli
