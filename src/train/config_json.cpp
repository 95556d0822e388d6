#include "train/config_json.h"

#include "data/json_document.h"

namespace elastic::train {

using nlohmann::ordered_json;

std::string model_config_to_text(const ModelConfig& config) {
  ordered_json json = options_to_json(config);
  json["num_items"] = config.num_items;
  return data::json_text(json);
}

ModelConfig model_config_from_text(const std::string& text, const std::string& source) {
  ordered_json json = data::parse_json(text);
  if (!json.is_object()) {
    throw CheckpointError(source, ": the model's config is not a JSON object");
  }
  ModelConfig config;
  take_options(json, config, source);
  const auto num_items = json.find("num_items");
  if (num_items == json.end() || !num_items->is_number_integer()) {
    throw CheckpointError(source, ": the model's config has no num_items");
  }
  config.num_items = num_items->get<std::int64_t>();
  if (!kItemCounts.contains(config.num_items)) {
    throw CheckpointError(source,
                          ": expected num_items of ",
                          kItemCounts.text(),
                          " in the model's config, got ",
                          config.num_items);
  }
  json.erase(num_items);
  if (!json.empty()) {
    throw CheckpointError(source,
                          ": unknown option '",
                          json.begin().key(),
                          "' in the model's config; it was saved by another version of elastic");
  }
  return config;
}

}  // namespace elastic::train
