#include "data/titles.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.h"
#include "data/column_content.h"
#include "data/column_sample.h"
#include "data/find_column.h"
#include "data/item_reader.h"
#include "data/text_file.h"
#include "data/title_columns.h"

namespace elastic::data {
namespace {

// The items of the data among the values of each column. Stops early where the result is clear.
std::vector<IdMatches> count_matches(std::string_view text,
                                     const ItemsForm& form,
                                     const std::vector<std::size_t>& columns,
                                     const Dataset& dataset) {
  constexpr std::int64_t kEnoughRows = 200'000;
  constexpr std::size_t kEnoughItems = 1000;
  std::vector<IdMatches> matches;
  for (const std::size_t column : columns) {
    matches.push_back({column, 0, 0});
  }
  std::vector<std::vector<bool>> seen(
      columns.size(), std::vector<bool>(static_cast<std::size_t>(dataset.num_items()) + 1));
  ItemReader reader(text, form, columns);
  std::size_t most = 0;
  for (std::int64_t row = 0; reader.next() && (row < kEnoughRows || most < kEnoughItems); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto item = dataset.find_item(reader.values()[i]);
      if (!item) {
        continue;
      }
      ++matches[i].rows;
      const auto at = static_cast<std::size_t>(*item);
      matches[i].items += seen[i][at] ? 0 : 1;
      seen[i][at] = true;
      most = std::max(most, matches[i].items);
    }
  }
  return matches;
}

// "'a', 'b', 'c'"
std::string examples_of(const std::vector<std::string_view>& values) {
  constexpr std::size_t kMost = 3;
  std::vector<std::string_view> shown;
  std::string text;
  for (std::size_t i = 0; i < values.size() && shown.size() < kMost; ++i) {
    if (!values[i].empty() && std::find(shown.begin(), shown.end(), values[i]) == shown.end()) {
      text += concat(shown.empty() ? "'" : ", '", excerpt(values[i]), "'");
      shown.push_back(values[i]);
    }
  }
  return text.empty() ? "nothing" : text;
}

std::string examples_of(const Dataset& dataset) {
  std::vector<std::string_view> ids;
  for (std::int64_t item = 1; item <= std::min<std::int64_t>(dataset.num_items(), 3); ++item) {
    ids.emplace_back(dataset.item_id(item));
  }
  return examples_of(ids);
}

class TitleReader {
 public:
  TitleReader(const std::string& path, const TitleOptions& options, Dataset& dataset)
      : path_(path), options_(options), dataset_(dataset), text_(read_text(path)) {
    form_ = detect_items_form(text_, path, options, dataset);
  }

  TitleReport read() {
    const std::size_t id = find_ids();
    const std::size_t title = find_titles(id);
    let_titles_be_wide(title);
    ItemReader reader(text_, form_, {id, title});
    std::vector<bool> known(static_cast<std::size_t>(dataset_.num_items()) + 1);
    bool any_item = false;
    TitleReport report;
    while (reader.next()) {
      const auto item = dataset_.find_item(reader.values()[0]);
      any_item = any_item || item;
      if (!item || reader.values()[1].empty()) {
        continue;
      }
      dataset_.set_title(*item, std::string(reader.values()[1]));
      report.num_titles += known[static_cast<std::size_t>(*item)] ? 0 : 1;
      known[static_cast<std::size_t>(*item)] = true;
    }
    if (!any_item) {
      refuse_ids(id);
    }
    if (report.num_titles == 0) {
      throw DataError("items: ",
                      path_,
                      ": ",
                      shown(form_.columns, title),
                      " is empty for every item of the data; name the column of the titles with "
                      "--title-column (the columns: ",
                      names_of(form_.columns),
                      ")");
    }
    report.detected = describe(id, title, reader);
    return report;
  }

 private:
  std::size_t find_ids() {
    if (!options_.id_column.empty()) {
      return find_column(options_.id_column, form_.columns, "--id-column", path_);
    }
    const std::vector<std::size_t> candidates = id_candidates(form_.columns);
    if (candidates.empty()) {
      throw DataError("items: ",
                      path_,
                      ": no column is called as the ids of items are; the columns are ",
                      names_of(form_.columns),
                      "; name it with --id-column");
    }
    const auto matches = count_matches(text_, form_, candidates, dataset_);
    const auto found = choose_id_column(form_.columns, matches);
    if (!found) {
      refuse_ids(std::nullopt);
    }
    return *found;
  }

  std::size_t find_titles(std::size_t id) const {
    if (!options_.title_column.empty()) {
      return find_column(options_.title_column, form_.columns, "--title-column", path_);
    }
    const auto found = choose_title_column(form_.columns, id);
    if (!found) {
      throw DataError("items: ",
                      path_,
                      ": found no column of titles beside the ids in ",
                      shown(form_.columns, id),
                      "; the columns are ",
                      names_of(form_.columns),
                      "; name it with --title-column");
    }
    return *found;
  }

  // Separators without quotes are parts of the title if only numbers and times follow it.
  void let_titles_be_wide(std::size_t title) {
    for (std::size_t at = title + 1; at < form_.columns.size(); ++at) {
      const ColumnContent content = content_of(form_.columns[at].values);
      if (form_.objects || !(content.numbers > 0.95 || content.looks_like_time())) {
        return;
      }
    }
    form_.rows.wide_column = title;
  }

  [[noreturn]] void refuse_ids(std::optional<std::size_t> id) const {
    std::string columns;
    for (std::size_t at = 0; !id && at < std::min<std::size_t>(form_.columns.size(), 8); ++at) {
      const auto& values = form_.columns[at].values;
      columns += concat(at == 0 ? "" : "; ", shown(form_.columns, at), ": ", examples_of(values));
    }
    throw DataError(
        "items: ",
        path_,
        id ? concat(": no value of ",
                    shown(form_.columns, *id),
                    ", such as ",
                    examples_of(form_.columns[*id].values),
                    ", is an item of the data")
           : concat(": no column holds items of the data"),
        "; ids in the data are ",
        examples_of(dataset_),
        "; ",
        id ? concat("the columns of the file are ", names_of(form_.columns))
           : concat("the file has ", columns, form_.columns.size() > 8 ? "; ..." : ""),
        "; give the file of these items, or name the column of their ids with --id-column");
  }

  [[nodiscard]] std::string place(std::size_t column) const {
    const std::string& name = form_.columns[column].name;
    return form_.objects ? concat("'", name, "'") : shown(form_.columns, column);
  }

  [[nodiscard]] std::string describe(std::size_t id,
                                     std::size_t title,
                                     const ItemReader& reader) const {
    std::string text = concat(form_.describe(), ", id in ", place(id), ", title in ", place(title));
    if (reader.num_bad_rows() > 0) {
      text +=
          concat(", rows passed over: ", reader.num_bad_rows(), ", the first: ", reader.problem());
    }
    return text;
  }

  const std::string& path_;
  const TitleOptions& options_;
  Dataset& dataset_;
  std::string text_;
  ItemsForm form_;
};

}  // namespace

TitleReport read_titles(const std::string& path, const TitleOptions& options, Dataset& dataset) {
  return TitleReader(path, options, dataset).read();
}

}  // namespace elastic::data
