#include "data/feature_table.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "data/blanks.h"
#include "data/canonical_number.h"
#include "data/fields.h"
#include "data/json_document.h"
#include "data/separator.h"
#include "data/text_file.h"
#include "data/title_columns.h"
#include "data/vector_table.h"
#include "tensor/npy.h"

namespace elastic::data {
namespace {

using nlohmann::ordered_json;

constexpr int kNoRank = std::numeric_limits<int>::max();

std::size_t surest_id_column(const std::vector<std::string>& names) {
  const auto rank = [](const std::string& name) { return rank_of_id(name).value_or(kNoRank); };
  const auto best =
      std::min_element(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
        return rank(a) < rank(b);
      });
  return static_cast<std::size_t>(best - names.begin());
}

// The columns of a table, from its header. Throws DataError if a field is a number or none, or two
// are equal.
std::vector<std::string> names_in_header(const std::vector<std::string_view>& header,
                                         const std::string& path) {
  std::vector<std::string> names;
  for (const std::string_view field : header) {
    if (field.empty() || is_number(field)) {
      throw DataError(path,
                      ":1: expected a header that names the columns, such as id,year,genres, got '",
                      excerpt(field),
                      "' in it");
    }
    names.emplace_back(field);
  }
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size()) {
    throw DataError(path, ":1: expected different names of the columns");
  }
  if (names.size() < 2) {
    throw DataError(path, ":1: expected a column of ids and columns of features in the header");
  }
  return names;
}

void add_row(FeatureTable& table,
             std::string_view id,
             std::vector<FeatureCell> cells,
             std::size_t line) {
  if (id.empty()) {
    throw DataError(table.path, ":", line, ": expected an id in column '", table.id_column, "'");
  }
  table.ids.emplace_back(id);
  table.rows.push_back(std::move(cells));
  table.lines.push_back(line);
}

void read_separated(std::string_view text, FeatureTable& table) {
  const FieldCounts counts = detect_separator(sample_lines(text, 100));
  table.form = name_of_separator(counts.syntax.separator) + "-separated";
  FieldSplitter splitter(counts.syntax);
  LineWalker lines(text, counts.syntax);
  std::size_t id = 0;
  for (std::string_view line; lines.next(line);) {
    if (stripped(line).empty()) {
      continue;
    }
    const std::vector<std::string_view>& fields = splitter.split(line);
    if (table.id_column.empty()) {
      table.columns = names_in_header(fields, table.path);
      id = surest_id_column(table.columns);
      table.id_column = table.columns[id];
      table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(id));
      continue;
    }
    if (fields.size() != table.columns.size() + 1) {
      throw DataError(table.path,
                      ":",
                      lines.number(),
                      ": expected ",
                      table.columns.size() + 1,
                      " fields as in the header, got ",
                      fields.size(),
                      ": \"",
                      excerpt(line),
                      "\"");
    }
    std::vector<FeatureCell> cells;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i != id) {
        cells.push_back({std::string(fields[i]), {}});
      }
    }
    add_row(table, fields[id], std::move(cells), lines.number());
  }
}

std::string text_of_value(const ordered_json& value) {
  if (value.is_string()) {
    return std::string(stripped(value.get_ref<const std::string&>()));
  }
  return value.is_number() || value.is_boolean() ? value.dump() : "";
}

FeatureCell cell_of(const ordered_json& value) {
  if (!value.is_array()) {
    return {text_of_value(value), {}};
  }
  FeatureCell cell;
  if (std::all_of(
          value.begin(), value.end(), [](const auto& entry) { return entry.is_number(); })) {
    for (const auto& entry : value) {
      cell.numbers.push_back(entry.get<double>());
    }
    return cell;
  }
  for (const auto& entry : value) {
    const std::string text = text_of_value(entry);
    cell.text += text.empty() || cell.text.empty() ? text : "|" + text;
  }
  return cell;
}

std::vector<std::string> names_of_keys(const ordered_json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.push_back(key);
  }
  return keys;
}

void read_objects(std::string_view text, FeatureTable& table) {
  table.form = "JSON lines";
  std::unordered_map<std::string, std::size_t> places;
  std::string number;
  LineWalker lines(text);
  for (std::string_view line; lines.next(line);) {
    if (stripped(line).empty()) {
      continue;
    }
    const ordered_json object = parse_json(line);
    if (!object.is_object() || object.empty()) {
      throw DataError(
          table.path, ":", lines.number(), ": expected a JSON object, got \"", excerpt(line), "\"");
    }
    if (table.id_column.empty()) {
      const std::vector<std::string> keys = names_of_keys(object);
      table.id_column = keys[surest_id_column(keys)];
    }
    std::string id;
    std::vector<FeatureCell> cells(table.columns.size());
    for (const auto& [key, value] : object.items()) {
      if (key == table.id_column) {
        const std::string raw = text_of_value(value);
        id = value.is_number() ? std::string(canonical_number(raw, number)) : raw;
        continue;
      }
      const auto [found, is_new] = places.emplace(key, table.columns.size());
      if (is_new) {
        table.columns.push_back(key);
        cells.emplace_back();
      }
      cells[found->second] = cell_of(value);
    }
    add_row(table, id, std::move(cells), lines.number());
  }
  for (std::vector<FeatureCell>& cells : table.rows) {
    cells.resize(table.columns.size());  // keys that only later objects have
  }
}

}  // namespace

std::vector<std::optional<std::size_t>> FeatureTable::rows_of(
    std::span<const std::string> wanted) const {
  std::unordered_map<std::string_view, std::size_t> row_of;
  for (std::size_t row = 0; row < ids.size(); ++row) {
    row_of[ids[row]] = row;
  }
  std::vector<std::optional<std::size_t>> found;
  for (const std::string& id : wanted) {
    const auto at = row_of.find(id);
    found.push_back(at == row_of.end() ? std::nullopt : std::optional(at->second));
  }
  return found;
}

std::optional<std::size_t> FeatureTable::title_column() const {
  std::optional<std::size_t> best;
  int best_rank = kTitleNames + 1;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int rank = rank_of_title(columns[i], id_column).value_or(kNoRank);
    if (rank < best_rank) {
      best = i;
      best_rank = rank;
    }
  }
  return best;
}

std::string FeatureTable::place(std::size_t row) const {
  return concat(path, ":", lines[row], ": ");
}

FeatureTable read_feature_table(const std::string& path) {
  FeatureTable table;
  table.path = path;
  if (is_safetensors(path)) {
    return read_safetensors_table(path);
  }
  const TextLimits limits;
  std::string bytes = read_bytes(path, limits);
  if (is_npy(bytes)) {
    return read_npy_table(path, bytes);
  }
  const std::string text = decode_text(std::move(bytes), path, limits);
  if (stripped(text).starts_with('{')) {
    read_objects(text, table);
  } else {
    read_separated(text, table);
  }
  if (table.rows.empty() || table.columns.empty()) {
    throw DataError(path, ": expected items with features, got none");
  }
  return table;
}

}  // namespace elastic::data
