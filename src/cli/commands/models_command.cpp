#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cli/options/output_format.h"
#include "cli/output/output.h"
#include "cli/usage/command.h"
#include "data/json_document.h"
#include "model/model_notes.h"
#include "model/registry.h"

namespace elastic::cli {
namespace {

constexpr const char* kModelsDescription = R"(list the models that --model takes

  elastic models
  elastic models --json | jq -r '.[].model'

A causal model trains with a loss at every position, a bidirectional model at the last position, a
windowed model at the latest --window positions. The cost is that of a layer for a history of n
events, with k experts (--num-experts), a window w and W codewords. docs/models.md defines each model.)";

class ModelsCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models"; }
  [[nodiscard]] std::string description() const override { return kModelsDescription; }
  void declare(OptionTable& table) override { declare_output(table, format_); }
  int run(const OptionTable& table) override;

 private:
  OutputFormat<TableFormat> format_;
};

int ModelsCommand::run(const OptionTable&) {
  const bool json = wants_json(format_);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  const std::vector<std::string> names = model_names();
  std::size_t width = 0;
  for (const std::string& model : names) {
    width = std::max(width, model.size());
  }
  const auto line = [&](const auto& model, const char* direction, const ModelNotes& notes) {
    return fmt::format("{:<{}}  {:<13}  {:<12}  {}{}{}\n",
                       model,
                       width,
                       direction,
                       notes.cost,
                       notes.mixer,
                       *notes.source == '\0' ? "" : "; ",
                       notes.source);
  };
  std::string text = line("model", "direction", {"mixer", "cost", "source"});
  for (const std::string& model : names) {
    const char* direction = name_of(direction_of(model));
    const ModelNotes notes = notes_on(model);
    list.push_back({{"model", model},
                    {"direction", direction},
                    {"mixer", notes.mixer},
                    {"cost", notes.cost},
                    {"source", notes.source}});
    text += line(model, direction, notes);
  }
  print(json ? data::json_text(list, 2) + "\n" : text);
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_models_command() {
  return std::make_unique<ModelsCommand>();
}

}  // namespace elastic::cli
