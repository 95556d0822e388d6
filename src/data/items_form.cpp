#include "data/items_form.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "data/blanks.h"
#include "data/column_content.h"
#include "data/column_names.h"
#include "data/item_map.h"
#include "data/object_keys.h"
#include "data/object_lines.h"
#include "data/separator.h"
#include "data/title_columns.h"

namespace elastic::data {
namespace {

constexpr std::size_t kSampleLines = 500;
constexpr const char* kExpected =
    "expected an item per row, its id and its title separated by tab, comma, semicolon, | or ::, "
    "or "
    "a JSON object per line";

struct SampleLines {
  std::vector<std::string_view> lines;
  std::vector<std::size_t> numbers;
};

SampleLines first_lines(std::string_view text, const RowSyntax& syntax, std::size_t from) {
  SampleLines sample;
  LineWalker walker(text, syntax);
  for (std::string_view line; sample.lines.size() < kSampleLines && walker.next(line);) {
    if (walker.number() >= from && !stripped(line).empty()) {
      sample.lines.push_back(line);
      sample.numbers.push_back(walker.number());
    }
  }
  return sample;
}

// `expected` is a phrase such as "expected rows of id and title".
[[noreturn]] void refuse_first_line(const SampleLines& sample,
                                    const std::string& path,
                                    const std::string& expected) {
  throw DataError("items: ",
                  path,
                  ":",
                  sample.numbers.front(),
                  ": ",
                  expected,
                  ", got \"",
                  excerpt(sample.lines.front()),
                  "\"");
}

void require_item_text(const SampleLines& sample, const std::string& path) {
  if (sample.lines.empty()) {
    throw DataError("items: ", path, ": the file is empty; ", kExpected);
  }
  for (std::size_t i = 0; i < sample.lines.size(); ++i) {
    if (sample.lines[i].find('\0') != std::string_view::npos) {
      throw DataError(
          "items: ", path, ":", sample.numbers[i], ": this is not a text file; ", kExpected);
    }
  }
}

// True if the fields may be names of columns, and one is named as a title or an id.
bool has_known_names(const std::vector<std::string_view>& fields) {
  constexpr std::size_t kLongestName = 60;
  constexpr std::size_t kMostWords = 5;
  bool known = false;
  for (const std::string_view field : fields) {
    if (is_number(field) || field.size() > kLongestName || words_of(field).size() > kMostWords ||
        field.find_first_of("|;\t") != std::string_view::npos) {
      return false;
    }
    known = known || rank_of_title(field).value_or(kTitleNames + 1) <= kTitleNames ||
            rank_of_id(field).value_or(kIdNames + 1) <= kIdNames;
  }
  return known && fields.size() >= 2;
}

// The separator by which the first line is a header, else the one that gives most lines the same
// number of fields.
FieldCounts separator_of_items(const std::vector<std::string_view>& lines) {
  for (const KnownSeparator& known : kSeparators) {
    FieldSplitter splitter{std::string(known.characters)};
    if (known.characters != std::string_view(" ") && may_separate(known.characters, lines) &&
        has_known_names(splitter.split(lines.front()))) {
      return detect_escapes(lines, known.characters);
    }
  }
  const FieldCounts counts = detect_separator(lines);
  return counts.syntax.separator == " " ? detect_separator({lines.front()}) : counts;
}

struct Width {
  std::size_t num_fields = 0;
  double share = 0.0;
};

// The most common number of fields.
Width common_width(const std::vector<std::string_view>& lines, const ItemRowSyntax& syntax) {
  ItemRow row(syntax);
  std::map<std::size_t, std::size_t> counts;
  for (const std::string_view line : lines) {
    ++counts[row.split(line).size()];
  }
  const auto most = std::max_element(
      counts.begin(), counts.end(), [](auto& a, auto& b) { return a.second < b.second; });
  return {most->first, static_cast<double>(most->second) / static_cast<double>(lines.size())};
}

// True if commas before blanks are parts of texts, as in "1,1990,Home, a Stranger": the texts after
// them are not numbers, and without these commas the rows are at least as alike.
bool blank_is_text(const std::vector<std::string_view>& lines, const RowSyntax& fields) {
  if (fields.separator != ",") {
    return false;
  }
  ItemRowSyntax syntax{fields};
  const Width plain = common_width(lines, syntax);
  syntax.blank_is_text = true;
  const Width text = common_width(lines, syntax);
  if (text.num_fields < 2 || text.share < plain.share) {
    return false;
  }
  FieldSplitter splitter(fields);
  ItemRow row(syntax);
  const std::size_t header = splitter.split(lines.front()).size();
  if (has_known_names(splitter.split(lines.front())) && row.split(lines.front()).size() != header) {
    return false;  // the file's style is a blank after each comma
  }
  std::size_t words = 0;
  std::size_t others = 0;
  for (const std::string_view line : lines) {
    for (std::size_t at = line.find(", "); at != std::string_view::npos;
         at = line.find(", ", at + 1)) {
      const std::string_view rest = line.substr(at + 2);
      ++(is_number(stripped(rest.substr(0, rest.find(',')))) ? others : words);
    }
  }
  return words > 9 * others;
}

class TableForm {
 public:
  TableForm(std::string_view text,
            const std::string& path,
            const TitleOptions& options,
            const Dataset& dataset)
      : text_(text), path_(path), options_(options), dataset_(dataset) {}

  ItemsForm detect() {
    find_rows();
    find_header();
    fill_columns();
    return std::move(form_);
  }

 private:
  void find_rows() {
    SampleLines sample = first_lines(text_, {","}, 1);
    require_item_text(sample, path_);
    FieldCounts counts;
    const std::string_view first = sample.lines.front();
    if (first.size() == 5 && (first.starts_with("sep=") || first.starts_with("SEP="))) {
      form_.first_line = sample.numbers.front() + 1;
      sample = first_lines(text_, {","}, form_.first_line);
      require_item_text(sample, path_);
      counts = detect_escapes(sample.lines, std::string(first.substr(4)));
    } else {
      counts = separator_of_items(sample.lines);
    }
    if (counts.syntax.separator.empty()) {
      refuse_first_line(sample, path_, kExpected);
    }
    form_.rows.fields = counts.syntax;
    sample = first_lines(text_, counts.syntax, form_.first_line);
    form_.rows.blank_is_text = blank_is_text(sample.lines, counts.syntax);
    width_ = common_width(sample.lines, form_.rows);
    ItemRow row(form_.rows);
    for (const std::string_view line : sample.lines) {
      rows_.emplace_back();
      for (const std::string_view field : row.split(line)) {
        rows_.back().push_back(kept(field));
      }
    }
    sample_ = std::move(sample);
  }

  // The field, copied if it is not in the text as it is.
  std::string_view kept(std::string_view field) {
    const bool inside = field.data() >= text_.data() && field.data() <= text_.data() + text_.size();
    return inside ? field : form_.values.emplace_back(field);
  }

  // Of the rows after the first, the share with `holds` for the field of the column.
  template <class Holds>
  [[nodiscard]] double share_below(std::size_t at, Holds&& holds) const {
    const auto count = std::count_if(rows_.begin() + 1, rows_.end(), [&](const auto& row) {
      return at < row.size() && holds(row[at]);
    });
    return static_cast<double>(count) /
           static_cast<double>(std::max<std::size_t>(rows_.size(), 2) - 1);
  }

  [[nodiscard]] bool is_header() const {
    const auto& first = rows_.front();
    const auto is_asked = [&](std::string_view field) {
      return !field.empty() && !is_number(field) &&
             (field == options_.id_column || field == options_.title_column);
    };
    if (std::any_of(first.begin(), first.end(), is_asked)) {
      return true;
    }
    const auto is_item = [&](std::string_view field) {
      return dataset_.find_item(field).has_value();
    };
    bool named = false;
    bool above_numbers = false;
    for (std::size_t at = 0; at < first.size(); ++at) {
      const std::string_view field = first[at];
      if (is_number(field) || content_of({field}).is_textual_time() ||
          (is_item(field) && share_below(at, is_item) > 0.5)) {
        return false;
      }
      const bool recurs =
          share_below(at, [&](std::string_view other) { return other == field; }) > 0;
      named = named || (!recurs && has_known_names({field, "x"}));
      above_numbers = above_numbers || share_below(at, is_number) > 0.99;
    }
    return named || above_numbers;
  }

  void find_header() {
    const std::string& separator = form_.rows.fields.separator;
    std::size_t count =
        separator == " " ? 2 : width_.num_fields;  // " ": an id, and a title's words
    form_.has_header = is_header();
    if (form_.has_header) {
      names_.assign(rows_.front().begin(), rows_.front().end());
      form_.first_line = sample_.numbers.front() + 1;
      rows_.erase(rows_.begin());
      if (rows_.empty()) {
        throw DataError("items: ", path_, ": there is a header but no row");
      }
      if (separator != "," && width_.num_fields == names_.size() + 1 &&
          counts_rows(first_fields(rows_))) {
        names_.insert(names_.begin(), "");  // R's numbers of the rows
      }
      count = names_.size();
    }
    if (count < 2) {
      refuse_first_line(sample_, path_, kExpected);
    }
    form_.rows.num_columns = count;
    form_.rows.wide_column = count - 1;
  }

  void fill_columns() {
    for (std::size_t at = 0; at < form_.rows.num_columns; ++at) {
      form_.columns.push_back({form_.has_header ? names_[at] : "", {}, false});
    }
    for (const auto& fields : rows_) {
      if (fields.size() <= form_.columns.size()) {
        add_values(fields);
      }
    }
    if (form_.columns.front().values.empty()) {  // all rows are longer than the header
      ItemRow row(form_.rows);
      for (std::size_t i = form_.has_header ? 1 : 0; i < sample_.lines.size(); ++i) {
        add_values(row.split(sample_.lines[i]));
      }
    }
  }

  void add_values(const std::vector<std::string_view>& fields) {
    for (std::size_t at = 0; at < form_.columns.size(); ++at) {
      form_.columns[at].values.push_back(at < fields.size() ? kept(fields[at])
                                                            : std::string_view());
    }
  }

  std::string_view text_;
  const std::string& path_;
  const TitleOptions& options_;
  const Dataset& dataset_;
  ItemsForm form_;
  SampleLines sample_;
  Width width_;
  std::vector<std::vector<std::string_view>> rows_;  // of the sample, later without the header
  std::vector<std::string> names_;
};

ItemsForm object_form(const std::string& text, const ObjectText& objects, const std::string& path) {
  if (!objects.problem.empty()) {
    throw DataError("items: ", path, ": ", objects.problem);
  }
  const SampleLines sample = first_lines(text, {}, 1);
  ObjectKeys keys = keys_of(sample.lines, objects.syntax);
  if (objects.is_lists || keys.columns.empty()) {
    refuse_first_line(
        sample, path, "expected an object per item, such as {\"item\": \"1\", \"title\": \"A\"}");
  }
  ItemsForm form;
  form.objects = objects.syntax;
  form.columns = std::move(keys.columns);
  form.values = std::move(keys.values);
  return form;
}

}  // namespace

std::string ItemsForm::describe() const {
  if (objects) {
    return *objects == ObjectSyntax::kJson ? "JSON objects" : "Python dicts";
  }
  return concat(name_of_separator(rows.fields.separator),
                "-separated, ",
                has_header ? "header" : "no header");
}

ItemsForm detect_items_form(std::string& text,
                            const std::string& path,
                            const TitleOptions& options,
                            const Dataset& dataset) {
  if (const auto objects = objects_as_lines(text)) {
    if (objects->syntax == ObjectSyntax::kJson && objects->problem.empty()) {
      item_map_as_lines(text, dataset);
    }
    return object_form(text, *objects, path);
  }
  return TableForm(text, path, options, dataset).detect();
}

}  // namespace elastic::data
