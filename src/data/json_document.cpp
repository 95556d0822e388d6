#include "data/json_document.h"

namespace elastic::data {
namespace {

struct TooDeep {};

}  // namespace

nlohmann::ordered_json parse_json(std::string_view text) {
  using nlohmann::ordered_json;
  // Called at the start of every list and object, among others.
  const auto check_depth = [](int depth, ordered_json::parse_event_t, const ordered_json&) {
    if (depth > kDeepestJson) {
      throw TooDeep{};
    }
    return true;
  };
  try {
    return ordered_json::parse(text, check_depth, /*allow_exceptions=*/false);
  } catch (const TooDeep&) {
    return ordered_json(ordered_json::value_t::discarded);
  }
}

std::string json_text(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string json_text(const nlohmann::json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace elastic::data
