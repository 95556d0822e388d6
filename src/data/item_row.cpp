#include "data/item_row.h"

namespace elastic::data {
namespace {

bool is_inside(std::string_view part, std::string_view line) {
  return !part.empty() && part.data() >= line.data() &&
         part.data() + part.size() <= line.data() + line.size();
}

// True for an unquoted field with a blank before it.
bool follows_blank(std::string_view field, std::string_view line) {
  return is_inside(field, line) && field.data() > line.data() && *(field.data() - 1) == ' ';
}

}  // namespace

// The text of the line from `first` to `last`, which are its fields or parts of them.
std::string_view ItemRow::joined(std::string_view first,
                                 std::string_view last,
                                 std::string_view line) {
  if (is_inside(first, line) && is_inside(last, line)) {
    const char* const end = last.data() + last.size();
    const std::string_view text(first.data(), static_cast<std::size_t>(end - first.data()));
    const std::string_view between = text.substr(first.size(), text.size() - first.size());
    if (between.substr(0, between.size() - last.size()).find('"') == std::string_view::npos) {
      return text;
    }
  }
  std::string& text = texts_.emplace_back(first);
  text += syntax_.fields.separator;
  text += last;
  return text;
}

const std::vector<std::string_view>& ItemRow::split(std::string_view line) {
  fields_.clear();
  texts_.clear();
  for (const std::string_view field : splitter_.split(line)) {
    if (syntax_.blank_is_text && !fields_.empty() && follows_blank(field, line)) {
      fields_.back() = joined(fields_.back(), field, line);
    } else {
      fields_.push_back(field);
    }
  }
  const std::size_t most = syntax_.num_columns;
  if (most == 0 || fields_.size() <= most) {
    return fields_;
  }
  const std::size_t wide = syntax_.wide_column;
  while (wide + 1 == most && fields_.size() > most && fields_.back().empty()) {
    fields_.pop_back();
  }
  const auto surplus = static_cast<std::ptrdiff_t>(fields_.size() - most);
  const auto begin = fields_.begin() + static_cast<std::ptrdiff_t>(wide);
  for (auto next = begin + 1; next != begin + 1 + surplus; ++next) {
    *begin = joined(*begin, *next, line);
  }
  fields_.erase(begin + 1, begin + 1 + surplus);
  return fields_;
}

}  // namespace elastic::data
