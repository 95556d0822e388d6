#include "cli/options/option_choices.h"

#include <map>
#include <utility>

#include "model/registry.h"

namespace elastic::cli {
namespace {

// By key; what the parts of the library refuse, which a test compares. Names of models are left to
// them, since their message is shorter than the list.
std::map<std::string, Choices> common_choices() {
  return {{"model", {model_names(), true}},
          {"baseline", {model_names(), true}},
          {"position", {{"auto", "recent", "forward", "none"}}},
          {"retrieval", {{"learned", "random"}}},
          {"expert_gate", {{"softmax", "none"}}},
          {"expert_start", {{"carried", "retrieved"}}},
          {"query_network", {{"hierarchical", "mean"}}},
          {"query_norm", {{"layer", "centred"}}},
          {"memory", {{"none", "per-token"}}},
          {"lisa_variant", {{"base", "soft", "mini"}}},
          {"optimizer", {{"adam", "adamw"}}},
          {"schedule", {{"constant", "cosine"}}},
          {"loss", {{"softmax", "sampled-softmax", "bce", "gbce"}}},
          {"negative_sampling", {{"uniform", "popularity"}}},
          {"item_updates", {{"auto", "rows", "all"}}},
          {"supervision", {{"auto", "last", "window", "all"}}},
          {"cuts", {{"auto", "all", "latest"}, true}},
          {"format", {{"auto", "table", "sequences", "jsonl"}}},
          {"separator", {{"auto", "tab", "comma", "space", "semicolon", "pipe", "::"}, true}},
          {"on_bad_row", {{"error", "skip"}}},
          {"drop_duplicates", {{"none", "consecutive", "all"}}},
          {"split", {{"auto", "leave-one-out", "time", "ratio", "files"}}},
          {"embeddings", {{"items", "users"}}},
          {"device", {{"cpu", "cuda"}}},
          {"precision", {{"auto", "fp32", "tf32", "bf16"}}},
          {"shortcut", {{"on", "off", "both"}}},
          {"phase", {{"encode", "serve", "train", "rank"}, false, true}},
          {"output", {{"table", "json"}}}};
}

// By command and key, before the common ones.
std::map<std::pair<std::string, std::string>, Choices> special_choices() {
  std::vector<std::string> models = model_names();
  models.emplace_back("all");
  return {{{"profile", "model"}, {models, true, true}},
          {{"profile", "output"}, {{"md", "csv", "jsonl", "json"}}},
          {{"predict", "output"}, {{"jsonl", "json", "tsv", "table"}}},
          {{"eval", "split"}, {{"test", "valid"}}},
          {{"completion", "shell"}, {{"bash", "zsh", "fish"}}}};
}

}  // namespace

void declare_choices(const std::string& command, OptionTable& table) {
  static const auto common = common_choices();
  static const auto special = special_choices();
  for (const auto& option : table.options()) {
    const auto own = special.find({command, option->key});
    const auto found = common.find(option->key);
    if (own != special.end()) {
      option->choices = own->second;
    } else if (found != common.end() && std::holds_alternative<std::string*>(option->target)) {
      option->choices = found->second;
    }
  }
}

}  // namespace elastic::cli
