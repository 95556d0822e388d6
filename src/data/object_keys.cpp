#include "data/object_keys.h"

#include <map>

namespace elastic::data {

ObjectKeys keys_of(const std::vector<std::string_view>& lines, ObjectSyntax syntax) {
  ObjectKeys keys;
  std::map<std::string, std::size_t> known;
  std::size_t num_objects = 0;
  for (const std::string_view line : lines) {
    const auto found = flatten_object(syntax, line);
    if (!found) {
      continue;
    }
    for (const KeyValues& key : *found) {
      const auto [place, is_new] = known.emplace(key.key, keys.columns.size());
      if (is_new) {
        keys.columns.push_back({key.key, std::vector<std::string_view>(num_objects), false});
        keys.lists.emplace_back();
      }
      ColumnSample& column = keys.columns[place->second];
      column.is_list = column.is_list || key.is_list;
      keys.lists[place->second] = column.is_list ? "[" : "";
      column.values.resize(num_objects);  // "" for the objects without the key
      column.values.push_back(key.entries.empty() ? std::string_view()
                                                  : keys.values.emplace_back(key.entries.front()));
    }
    ++num_objects;
  }
  for (ColumnSample& column : keys.columns) {
    column.values.resize(num_objects);
  }
  return keys;
}

}  // namespace elastic::data
