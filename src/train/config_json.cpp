#include "train/config_json.h"

#include "data/json_document.h"

namespace elastic::train {

using nlohmann::ordered_json;

namespace {

constexpr const char* kNumItems = "num_items";
constexpr const char* kNumItemFeatures = "num_item_features";

// A size from the data, which is then removed. Throws CheckpointError if it is out of range.
std::int64_t take_size(ordered_json& json,
                       const char* key,
                       const Range& range,
                       const std::string& source) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) {
    throw CheckpointError(source, ": the model's config has no ", key);
  }
  const auto value = found->get<std::int64_t>();
  if (!range.contains(value)) {
    throw CheckpointError(
        source, ": expected ", key, " of ", range.text(), " in the model's config, got ", value);
  }
  json.erase(found);
  return value;
}

}  // namespace

void put_sizes(const ModelConfig& config, ordered_json& json) {
  json[kNumItems] = config.num_items;
  if (config.num_item_features > 0) {
    json[kNumItemFeatures] = config.num_item_features;
  }
}

std::string model_config_to_text(const ModelConfig& config) {
  ordered_json json = options_to_json(config);
  put_sizes(config, json);
  return data::json_text(json);
}

ModelConfig model_config_from_text(const std::string& text, const std::string& source) {
  ordered_json json = data::parse_json(text);
  if (!json.is_object()) {
    throw CheckpointError(source, ": the model's config is not a JSON object");
  }
  ModelConfig config;
  take_options(json, config, source);
  config.num_items = take_size(json, kNumItems, kItemCounts, source);
  if (json.contains(kNumItemFeatures)) {
    config.num_item_features = take_size(json, kNumItemFeatures, kWidths, source);
  }
  if (!json.empty()) {
    throw CheckpointError(source,
                          ": unknown option '",
                          json.begin().key(),
                          "' in the model's config; it was saved by another version of elastic");
  }
  return config;
}

}  // namespace elastic::train
