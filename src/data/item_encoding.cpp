#include "data/item_encoding.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/blanks.h"
#include "data/fields.h"
#include "data/json_document.h"
#include "data/missing_value.h"

namespace elastic::data {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostFeatures = std::size_t{1} << 16;
constexpr std::int64_t kLeastItems = 2;  ///< of a category

bool is_missing(const FeatureCell& cell) {
  return cell.numbers.empty() && (cell.text.empty() || is_missing_word(cell.text));
}

double parse_number(std::string_view text) {
  double value = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The categories of a cell, each once.
std::vector<std::string> categories_of(const FeatureCell& cell) {
  std::vector<std::string> found;
  std::string_view rest = cell.text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('|'), rest.size());
    const std::string_view category = stripped(rest.substr(0, end));
    if (!category.empty() && std::find(found.begin(), found.end(), category) == found.end()) {
      found.emplace_back(category);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return found;
}

// The numbers of a cell of a column with `width` numbers. Throws DataError.
std::vector<double> numbers_of(const FeatureTable& table,
                               std::size_t row,
                               std::size_t column,
                               std::size_t width) {
  const FeatureCell& cell = table.rows[row][column];
  const auto refuse = [&](const auto& got) {
    throw DataError(table.place(row),
                    "column '",
                    table.columns[column],
                    "': expected ",
                    width == 1 ? std::string("a number") : concat(width, " numbers"),
                    ", got ",
                    got,
                    "; categories are texts");
  };
  if (cell.numbers.empty()) {
    if (width != 1 || !is_number(cell.text)) {
      refuse(concat("'", excerpt(cell.text), "'"));
    }
    return {parse_number(cell.text)};
  }
  if (cell.numbers.size() != width) {
    refuse(cell.numbers.size());
  }
  return cell.numbers;
}

// Fits one column to the rows of the items of the data.
class ColumnFit {
 public:
  ColumnFit(const FeatureTable& table, std::size_t column, std::span<const std::size_t> rows)
      : table_(table), column_(column) {
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(rows_), [&](std::size_t row) {
      return !is_missing(cell(row));
    });
  }

  // nullopt for a column to leave out; `note` says why, or what it became.
  std::optional<EncodedColumn> fit(std::string& note) const {
    if (rows_.empty()) {
      note = "left out: no item of the data has a value";
      return std::nullopt;
    }
    const bool lists = std::any_of(
        rows_.begin(), rows_.end(), [&](std::size_t row) { return !cell(row).numbers.empty(); });
    const bool numbers = lists || std::all_of(rows_.begin(), rows_.end(), [&](std::size_t row) {
                           return is_number(cell(row).text);
                         });
    return numbers ? fit_numbers(note) : fit_categories(note);
  }

 private:
  [[nodiscard]] const FeatureCell& cell(std::size_t row) const { return table_.rows[row][column_]; }

  std::optional<EncodedColumn> fit_numbers(std::string& note) const {
    const std::size_t width = std::max<std::size_t>(1, cell(rows_.front()).numbers.size());
    const auto count = static_cast<double>(rows_.size());
    EncodedColumn column{.name = table_.columns[column_],
                         .categories = {},
                         .means = std::vector<double>(width),
                         .scales = std::vector<double>(width)};
    std::vector<std::vector<double>> values;
    for (const std::size_t row : rows_) {
      values.push_back(numbers_of(table_, row, column_, width));
      for (std::size_t i = 0; i < width; ++i) {
        column.means[i] += values.back()[i] / count;
      }
    }
    for (const std::vector<double>& numbers : values) {
      for (std::size_t i = 0; i < width; ++i) {
        const double distance = numbers[i] - column.means[i];
        column.scales[i] += distance * distance / count;
      }
    }
    bool varies = false;
    for (std::size_t i = 0; i < width; ++i) {
      if (!std::isfinite(column.means[i]) || !std::isfinite(column.scales[i])) {
        throw DataError(
            table_.path, ": column '", column.name, "' holds numbers that are too large");
      }
      // A number that all items share gives 0.
      varies = varies || column.scales[i] > 0.0;
      column.scales[i] = column.scales[i] > 0.0 ? std::sqrt(column.scales[i]) : 1.0;
    }
    if (!varies) {
      note = "left out: the same for all items";
      return std::nullopt;
    }
    note = width == 1 ? concat("number, mean ", column.means[0], ", deviation ", column.scales[0])
                      : concat(width, " numbers");
    return column;
  }

  std::optional<EncodedColumn> fit_categories(std::string& note) const {
    std::map<std::string, std::int64_t> items;
    for (const std::size_t row : rows_) {
      for (const std::string& category : categories_of(cell(row))) {
        ++items[category];
      }
    }
    const auto described = std::count_if(rows_.begin(), rows_.end(), [&](std::size_t row) {
      const std::vector<std::string> own = categories_of(cell(row));
      return std::any_of(own.begin(), own.end(), [&](const std::string& category) {
        return items.at(category) >= kLeastItems;
      });
    });
    if (2 * described <= std::ssize(rows_)) {
      note = concat("left out: ",
                    std::ssize(rows_) - described,
                    " of ",
                    rows_.size(),
                    " items share no value with another item");
      return std::nullopt;
    }
    EncodedColumn column{
        .name = table_.columns[column_], .categories = {}, .means = {}, .scales = {}};
    for (const auto& [category, count] : items) {
      if (count >= kLeastItems) {
        column.categories.push_back(category);
      }
    }
    note = concat(column.categories.size(), " categories");
    if (column.categories.size() < items.size()) {
      note += concat(", ", items.size() - column.categories.size(), " of a single item left out");
    }
    return column;
  }

  const FeatureTable& table_;
  std::size_t column_;
  std::vector<std::size_t> rows_;  ///< those with a value
};

// The column of the table with the name of each encoded one.
std::vector<std::size_t> places_in(const FeatureTable& table,
                                   const std::vector<EncodedColumn>& columns) {
  std::vector<std::size_t> places;
  for (const EncodedColumn& column : columns) {
    const auto found = std::find(table.columns.begin(), table.columns.end(), column.name);
    if (found == table.columns.end()) {
      throw DataError(table.path,
                      ": expected the column '",
                      column.name,
                      "', which the model's item vectors have");
    }
    places.push_back(static_cast<std::size_t>(found - table.columns.begin()));
  }
  return places;
}

void encode_cell(const FeatureTable& table,
                 std::size_t row,
                 std::size_t place,
                 const EncodedColumn& column,
                 float* out) {
  const FeatureCell& cell = table.rows[row][place];
  if (is_missing(cell)) {
    return;
  }
  if (column.categories.empty()) {
    const std::vector<double> numbers = numbers_of(table, row, place, column.means.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      out[i] = static_cast<float>((numbers[i] - column.means[i]) / column.scales[i]);
      if (!std::isfinite(out[i])) {
        throw DataError(
            table.place(row), "column '", column.name, "': ", numbers[i], " is too far");
      }
    }
    return;
  }
  for (const std::string& category : categories_of(cell)) {
    const auto found =
        std::lower_bound(column.categories.begin(), column.categories.end(), category);
    if (found != column.categories.end() && *found == category) {
      out[found - column.categories.begin()] = 1.0F;
    }
  }
}

template <class Value>
std::vector<Value> list_at(const ordered_json& json, const char* key) {
  return json.contains(key) ? json.at(key).get<std::vector<Value>>() : std::vector<Value>{};
}

EncodedColumn parse_column(const ordered_json& json) {
  EncodedColumn column{.name = json.at("name").get<std::string>(),
                       .categories = list_at<std::string>(json, "categories"),
                       .means = list_at<double>(json, "means"),
                       .scales = list_at<double>(json, "scales")};
  const bool usable = column.width() > 0 && column.means.empty() != column.categories.empty() &&
                      column.means.size() == column.scales.size() &&
                      std::is_sorted(column.categories.begin(), column.categories.end()) &&
                      std::all_of(column.scales.begin(), column.scales.end(), [](double scale) {
                        return scale > 0.0;
                      });
  if (!usable) {
    throw DataError("column '", column.name, "' has no usable numbers or categories");
  }
  return column;
}

}  // namespace

ItemEncoding ItemEncoding::fit(const FeatureTable& table,
                               std::span<const std::size_t> rows,
                               std::vector<std::string>& notes) {
  ItemEncoding encoding;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::string note;
    if (auto column = ColumnFit(table, i, rows).fit(note)) {
      encoding.columns_.push_back(std::move(*column));
    }
    notes.push_back(concat(table.columns[i], ": ", note));
  }
  const auto width = static_cast<std::size_t>(encoding.num_features());
  if (width == 0 || width > kMostFeatures) {
    std::string reasons;
    for (const std::string& note : notes) {
      reasons += "; " + note;
    }
    throw DataError(
        table.path, ": expected 1 to ", kMostFeatures, " features, got ", width, reasons);
  }
  return encoding;
}

ItemEncoding ItemEncoding::parse(const std::string& text, const std::string& source) {
  ItemEncoding encoding;
  try {
    const ordered_json json = parse_json(text);
    for (const ordered_json& column : json.at("columns")) {
      encoding.columns_.push_back(parse_column(column));
    }
  } catch (const nlohmann::json::exception& error) {
    throw CheckpointError(source, ": the encoding of the item vectors is damaged: ", error.what());
  } catch (const DataError& error) {
    throw CheckpointError(source, ": the encoding of the item vectors is damaged: ", error.what());
  }
  return encoding;
}

std::string ItemEncoding::text() const {
  ordered_json columns = ordered_json::array();
  for (const EncodedColumn& column : columns_) {
    ordered_json json{{"name", column.name}};
    if (column.categories.empty()) {
      json["means"] = column.means;
      json["scales"] = column.scales;
    } else {
      json["categories"] = column.categories;
    }
    columns.push_back(std::move(json));
  }
  return json_text(ordered_json{{"columns", std::move(columns)}});
}

std::int64_t ItemEncoding::num_features() const {
  std::size_t width = 0;
  for (const EncodedColumn& column : columns_) {
    width += column.width();
  }
  return static_cast<std::int64_t>(width);
}

std::vector<float> ItemEncoding::encode(const FeatureTable& table,
                                        std::span<const std::optional<std::size_t>> rows) const {
  const std::vector<std::size_t> places = places_in(table, columns_);
  const auto width = static_cast<std::size_t>(num_features());
  std::vector<float> features(rows.size() * width);
  for (std::size_t item = 0; item < rows.size(); ++item) {
    float* out = features.data() + item * width;
    for (std::size_t i = 0; rows[item] && i < columns_.size(); ++i) {
      encode_cell(table, *rows[item], places[i], columns_[i], out);
      out += columns_[i].width();
    }
  }
  return features;
}

}  // namespace elastic::data
