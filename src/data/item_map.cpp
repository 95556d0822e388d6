#include "data/item_map.h"

#include "data/blanks.h"
#include "data/json_document.h"

namespace elastic::data {
namespace {

using nlohmann::ordered_json;

bool is_one_line(const std::string& text) {
  const std::string_view shown = stripped(text);
  return shown.starts_with('{') && shown.find('\n') == std::string_view::npos;
}

}  // namespace

void item_map_as_lines(std::string& text, const Dataset& dataset) {
  if (!is_one_line(text)) {
    return;
  }
  const ordered_json map = parse_json(text);
  bool any_item = false;
  std::string lines;
  for (const auto& [key, value] : map.items()) {
    if (!value.is_object() && !value.is_string()) {
      return;
    }
    any_item = any_item || dataset.find_item(key);
    ordered_json object{{"key", key}};
    if (value.is_string()) {
      object["title"] = value;
    } else {
      object.insert(value.begin(), value.end());  // "key" stays
    }
    lines += json_text(object) + "\n";
  }
  if (map.is_object() && any_item) {
    text = std::move(lines);
  }
}

}  // namespace elastic::data
