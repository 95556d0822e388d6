#include "data/titles.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "data/fields.h"
#include "data/separator.h"
#include "data/text_file.h"

namespace elastic::data {
namespace {

constexpr std::size_t kTitleSampleLines = 100;

std::string lower(std::string_view text) {
  std::string result(text.substr(0, text.find(':')));
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

std::optional<std::size_t> column_among(const std::vector<std::string_view>& header,
                                        const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (std::find(names.begin(), names.end(), lower(header[i])) != names.end()) {
      return i;
    }
  }
  return std::nullopt;
}

// The first column other than the id's in which most fields are not numbers.
std::optional<std::size_t> column_of_words(const std::vector<std::string_view>& sample,
                                           FieldSplitter& splitter,
                                           std::size_t id_column) {
  const std::size_t columns = splitter.split(sample.front()).size();
  for (std::size_t column = 0; column < columns; ++column) {
    const auto words = std::count_if(sample.begin(), sample.end(), [&](std::string_view line) {
      const auto& fields = splitter.split(line);
      return column < fields.size() && !fields[column].empty() && !is_number(fields[column]);
    });
    if (column != id_column && 2 * static_cast<std::size_t>(words) > sample.size()) {
      return column;
    }
  }
  return std::nullopt;
}

// The separator that splits most lines into the same number of fields: titles may contain it too.
std::string separator_of_items(const std::vector<std::string_view>& sample) {
  const FieldCounts counts = detect_separator(sample);
  if (counts.syntax.separator != " ") {
    return counts.syntax.separator;
  }
  return detect_separator({sample.front()}).syntax.separator;
}

}  // namespace

TitleReport read_titles(const std::string& path, Dataset& dataset) {
  const std::string text = read_text(path);
  std::vector<std::string_view> sample = sample_lines(text, kTitleSampleLines);
  if (sample.empty()) {
    throw DataError("items: ", path, ": the file is empty; expected rows of id and title");
  }
  FieldSplitter splitter(separator_of_items(sample));
  if (splitter.separator().empty()) {
    throw DataError("items: ",
                    path,
                    ":1: expected columns of id and title separated by tab, comma, | or ::, got \"",
                    excerpt(sample.front()),
                    "\"");
  }
  const std::vector<std::string_view> first = splitter.split(sample.front());
  const std::size_t id_column =
      column_among(first, {"item", "item_id", "itemid", "movieid", "movie_id", "asin", "id"})
          .value_or(0);
  std::optional<std::size_t> title_column =
      column_among(first, {"title", "name", "movie_title", "item_name", "product_name"});
  const bool header = title_column.has_value();
  if (!header) {
    title_column = column_of_words(sample, splitter, id_column);
  }
  if (!title_column) {
    throw DataError("items: ", path, ": found no column of titles");
  }
  // Splitting invalidates views into the splitter, so from here on only `text` is read.
  TitleReport report;
  LineWalker lines(text, {splitter.separator()});
  for (std::string_view line; lines.next(line);) {
    const auto& fields = splitter.split(line);
    if ((header && lines.number() == 1) || fields.size() <= std::max(id_column, *title_column)) {
      continue;
    }
    if (const auto item = dataset.find_item(fields[id_column])) {
      const std::string_view title = fields[*title_column];
      dataset.set_title(*item, std::string(title));
      ++report.num_titles;
    }
  }
  if (report.num_titles == 0) {
    throw DataError("items: ",
                    path,
                    ": no id of column ",
                    id_column + 1,
                    " is an item of the data; is it the right file?");
  }
  report.detected = concat(name_of_separator(splitter.separator()),
                           "-separated, ",
                           header ? "header" : "no header",
                           ", id in column ",
                           id_column + 1,
                           ", title in column ",
                           *title_column + 1);
  return report;
}

}  // namespace elastic::data
