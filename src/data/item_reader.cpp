#include "data/item_reader.h"

#include <algorithm>

#include "base/error.h"
#include "data/blanks.h"

namespace elastic::data {
namespace {

std::vector<std::string> key_names(const ItemsForm& form, const std::vector<std::size_t>& columns) {
  std::vector<std::string> keys;
  for (const std::size_t column : columns) {
    keys.push_back(form.columns[column].name);
  }
  return keys;
}

}  // namespace

ItemReader::ItemReader(std::string_view text,
                       const ItemsForm& form,
                       const std::vector<std::size_t>& columns)
    : form_(form),
      columns_(columns),
      lines_(text, form.objects ? RowSyntax{} : form.rows.fields),
      row_(form.rows),
      objects_(form.objects.value_or(ObjectSyntax::kJson),
               form.objects ? key_names(form, columns) : std::vector<std::string>{}),
      values_(columns.size()) {}

bool ItemReader::next() {
  for (std::string_view line; lines_.next(line);) {
    if (lines_.number() >= form_.first_line && !stripped(line).empty() && read(line)) {
      return true;
    }
  }
  return false;
}

bool ItemReader::read(std::string_view line) {
  if (form_.objects) {
    if (const std::string problem = objects_.read(line, record_); !problem.empty()) {
      note_bad(problem);
      return false;
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto& entries = record_[i].entries;
      values_[i] = entries.empty() ? std::string_view() : stripped(entries.front());
    }
    return true;
  }
  const auto& fields = row_.split(line);
  if (fields.size() <= *std::max_element(columns_.begin(), columns_.end())) {
    note_bad(concat("expected ", form_.columns.size(), " columns, got ", fields.size()));
    return false;
  }
  for (std::size_t i = 0; i < values_.size(); ++i) {
    values_[i] = fields[columns_[i]];
  }
  return true;
}

void ItemReader::note_bad(const std::string& problem) {
  if (num_bad_rows_++ == 0) {
    problem_ = concat("line ", lines_.number(), ": ", problem);
  }
}

}  // namespace elastic::data
