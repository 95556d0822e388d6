#include "data/table_format.h"

#include <algorithm>
#include <deque>

#include "base/error.h"
#include "data/asked_columns.h"
#include "data/blanks.h"
#include "data/column_names.h"
#include "data/column_roles.h"
#include "data/column_sample.h"
#include "data/find_column.h"
#include "data/list_field.h"
#include "data/object_format.h"
#include "data/table_header.h"
#include "data/table_lists.h"

namespace elastic::data {
namespace {

// The rows of a sample, split, with the columns' names.
struct TableSample {
  std::vector<std::vector<std::string_view>> rows;  ///< without header and group heads
  std::vector<std::string> names;                   ///< empty: no header
  std::deque<std::string> texts;                    ///< fields that differ from the text's
};

// "17:", the head of a movie's rows in Netflix's files.
bool is_group_head(std::string_view line) {
  const std::string_view text = stripped(line);
  return text.size() > 1 && text.back() == ':' && is_number(text.substr(0, text.size() - 1));
}

std::vector<std::string_view> copy_fields(const std::vector<std::string_view>& fields,
                                          std::string_view line,
                                          std::deque<std::string>& texts) {
  std::vector<std::string_view> copied;
  for (const std::string_view field : fields) {
    const bool inside =
        field.data() >= line.data() && field.data() + field.size() <= line.data() + line.size();
    copied.push_back(inside ? field : texts.emplace_back(field));
  }
  return copied;
}

class TableDetector {
 public:
  TableDetector(const LogSample& sample, const std::string& path, const ReadOptions& options)
      : sample_(sample), path_(path), options_(options) {}

  DetectedFormat detect() {
    format().layout = Layout::kTable;
    format().skipped_lines = sample_.skipped;
    format().comment = sample_.comment;
    find_group_heads();
    find_separator();
    split_rows();
    find_columns();
    take_lists();
    ColumnRoles roles = choose_roles(columns_, options_, path_);
    check_lists(roles);
    if (group_column_) {  // the heads hold the items
      format().group_heads = true;
    }
    find_prefixes(roles);
    add_columns(columns_, lists_, roles, options_, path_, format());
    detected_.notes.insert(detected_.notes.end(), roles.notes.begin(), roles.notes.end());
    return std::move(detected_);
  }

 private:
  LogFormat& format() { return detected_.format; }

  // Netflix: the lines of the sample without the heads.
  void find_group_heads() {
    lines_ = sample_.head;
    if (!is_group_head(sample_.head.front())) {
      return;
    }
    std::string_view head;
    std::vector<std::string_view> rows;
    for (const std::string_view line : sample_.head) {
      if (is_group_head(line)) {
        head = stripped(line);
        head.remove_suffix(1);
      } else {
        rows.push_back(line);
        heads_.push_back(head);
      }
    }
    if (rows.empty()) {
      throw DataError("data: ", path_, ": there are lines such as '", head, ":' but no row");
    }
    lines_ = std::move(rows);
    group_column_ = true;
  }

  void find_separator() {
    const std::string given =
        options_.separator.is_auto() ? sample_.separator : options_.separator.characters();
    const FieldCounts counts =
        given.empty() ? detect_separator(lines_) : detect_escapes(lines_, given);
    if (counts.syntax.separator.empty()) {
      refuse_first_line(sample_,
                        path_,
                        "columns separated by tab, comma, semicolon, |, ::, || or space",
                        "; set --separator");
    }
    format().syntax = counts.syntax;
    width_ = counts.num_fields;
  }

  void split_rows() {
    FieldSplitter splitter(format().syntax);
    for (const std::string_view line : lines_) {
      table_.rows.push_back(copy_fields(splitter.split(line), line, table_.texts));
    }
    const AskedColumns asked = asked_columns(options_);
    skip_prelude(asked);
    const auto& first = table_.rows.front();
    if (!group_column_ && numbers_columns(table_.rows)) {
      format().skipped_lines.emplace_back(lines_.front());
      table_.rows.erase(table_.rows.begin());
    } else if (!group_column_ && has_header(table_.rows, asked)) {
      take_header(first);
      format().skipped_lines.emplace_back(lines_.front());
      table_.rows.erase(table_.rows.begin());
      heads_.erase(heads_.begin(), heads_.begin() + (heads_.empty() ? 0 : 1));
    } else if (!sample_.commented.empty()) {
      const std::string_view line = sample_.commented;
      const auto fields = copy_fields(splitter.split(line), line, table_.texts);
      if (fields.size() == width_ && is_known_header(fields, asked)) {
        take_header(fields);
      }
    }
    if (table_.rows.empty()) {
      throw DataError("data: ", path_, ": there is a header but no row");
    }
    for (const std::string_view line : sample_.rest) {
      if (!is_group_head(line)) {
        table_.rows.push_back(copy_fields(splitter.split(line), line, table_.texts));
      }
    }
  }

  // Lines above a known header that are shorter than rows: a title, a date.
  void skip_prelude(const AskedColumns& asked) {
    constexpr std::size_t kLongestPrelude = 20;
    std::size_t count = 0;
    while (count < std::min(kLongestPrelude, table_.rows.size()) &&
           table_.rows[count].size() != width_) {
      ++count;
    }
    if (count == 0 || count >= table_.rows.size() || group_column_ ||
        !is_known_header(table_.rows[count], asked)) {
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      format().skipped_lines.emplace_back(lines_[i]);
    }
    const auto removed = static_cast<std::ptrdiff_t>(count);
    table_.rows.erase(table_.rows.begin(), table_.rows.begin() + removed);
    lines_.erase(lines_.begin(), lines_.begin() + removed);
    detected_.notes.push_back(concat(count, " lines above the header are passed over"));
  }

  void take_header(const std::vector<std::string_view>& fields) {
    format().has_header = true;
    for (const std::string_view field : fields) {
      table_.names.emplace_back(field);
    }
  }

  void find_columns() {
    std::size_t count = width_;
    if (format().has_header) {
      count = table_.names.size();
      if (width_ == count + 1 &&
          counts_rows(first_fields(table_.rows))) {  // row names without a name
        table_.names.insert(table_.names.begin(), "");
        ++count;
      } else if (width_ > count) {
        format().open_ended = true;
        detected_.notes.push_back(concat("rows have ",
                                         width_,
                                         " fields and the header ",
                                         count,
                                         ": the rest of each row is ignored"));
      }
    }
    if (count < 2 && !group_column_) {
      refuse_first_line(sample_, path_, "at least 2 columns", "; set --separator");
    }
    format().num_columns = count;
    columns_.resize(count);
    for (std::size_t at = 0; at < count; ++at) {
      columns_[at].name = format().has_header ? table_.names[at] : "";
      for (const auto& row : table_.rows) {
        if (row.size() >= std::min(count, width_)) {
          columns_[at].values.push_back(at < row.size() ? row[at] : std::string_view());
        }
      }
    }
    if (group_column_) {
      columns_.push_back({"item", heads_, false});
      for (std::size_t at = 0; at < count; ++at) {  // user, rating, date
        columns_[at].name = at == 0 ? "user" : at == 1 ? "rating" : at == 2 ? "date" : "";
      }
    }
  }

  // Lists of a column are sampled by their first entries.
  void take_lists() {
    whole_ = columns_;
    lists_ = find_lists(columns_, format().syntax);
    lists_.resize(columns_.size());
    take_asked_list();
    ListSplitter splitter;
    std::vector<std::string_view> entries;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      columns_[at].is_list = !lists_[at].empty();
      for (std::string_view& value : columns_[at].values) {
        if (columns_[at].is_list) {
          const bool any = splitter.split(value, lists_[at], entries) && !entries.empty();
          value = any ? std::string_view(table_.texts.emplace_back(entries[0])) : "";
        }
      }
    }
  }

  void check_lists(const ColumnRoles& roles) const {
    if (roles.user && columns_[*roles.user].is_list) {
      refuse(concat("column ",
                    *roles.user + 1,
                    " holds lists such as '",
                    excerpt(whole_[*roles.user].values.front()),
                    "', so it cannot be the user; name the right one with --user-column"));
    }
    if (!columns_[roles.item].is_list && !likely_list(columns_[roles.item].values).empty()) {
      refuse(concat("column ",
                    roles.item + 1,
                    " seems to hold lists of items, such as '",
                    excerpt(columns_[roles.item].values.front()),
                    "': --item-column ",
                    roles.item + 1,
                    " reads their entries; or name another column"));
    }
  }

  // A column that an option names as the items is read as lists if it seems to hold them.
  void take_asked_list() {
    const std::string asked = asked_columns(options_).item;
    if (asked.empty()) {
      return;
    }
    const std::size_t at = find_column(asked, columns_, "--item-column", path_);
    if (lists_[at].empty()) {
      lists_[at] = likely_list(columns_[at].values);
      if (!lists_[at].empty()) {
        detected_.notes.push_back(concat(
            "column ", at + 1, " is read as lists of items, separated by '", lists_[at], "'"));
      }
    }
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    throw DataError("data: ", path_, ": ", problem);
  }

  // Refuses to leave out the item after each history, in a column of its own.
  void refuse_target(const ColumnRoles& roles) const {
    for (std::size_t at = 0; at < columns_.size() && asked_columns(options_).item.empty(); ++at) {
      const bool free = at != roles.user && at != roles.item && at != roles.time &&
                        at != roles.rating && !columns_[at].is_list;
      if (free && hold_entries(whole_[roles.item], lists_[roles.item], columns_[at])) {
        refuse(concat("column ",
                      at + 1,
                      " may hold the items that follow the lists of column ",
                      roles.item + 1,
                      ": --item-column ",
                      at + 1,
                      " reads both, --item-column ",
                      roles.item + 1,
                      " the lists alone"));
      }
    }
  }

  // RecBole's files for sessions: each row repeats the items before its target.
  void find_prefixes(ColumnRoles& roles) {
    if (columns_[roles.item].is_list) {
      refuse_target(roles);
    }
    if (columns_[roles.item].is_list || !roles.user) {
      return;
    }
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      const NameMeaning meaning = meaning_of(columns_[at].name);
      if (columns_[at].is_list && at != roles.item && meaning.item && meaning.list &&
          are_prefixes(columns_[*roles.user], whole_[at], lists_[at])) {
        format().prefixes = true;
        format().columns.push_back({Role::kPrefix, at, columns_[at].name, lists_[at]});
        roles.time = std::nullopt;
        detected_.notes.push_back(
            concat("each row holds the items before its target: the longest "
                   "row of a user is the history"));
        return;
      }
    }
  }

  const LogSample& sample_;
  const std::string& path_;
  const ReadOptions& options_;
  DetectedFormat detected_;
  std::vector<std::string_view> lines_;  // of the head, without group heads
  std::vector<std::string_view> heads_;  // the group head of each of `lines_`
  bool group_column_ = false;
  std::size_t width_ = 0;  // the most common number of fields
  TableSample table_;
  std::vector<ColumnSample> columns_;
  std::vector<ColumnSample> whole_;  // the columns with whole lists as values
  std::vector<std::string> lists_;
};

}  // namespace

DetectedFormat table_format(const LogSample& sample,
                            const std::string& path,
                            const ReadOptions& options) {
  return TableDetector(sample, path, options).detect();
}

}  // namespace elastic::data
