#include "data/fields.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace elastic::data {
namespace {

struct Separator {
  const char* text;
  const char* name;
};
constexpr std::array<Separator, 6> kSeparators{{{"\t", "tab"},
                                                {"::", "::"},
                                                {",", "comma"},
                                                {"|", "pipe"},
                                                {";", "semicolon"},
                                                {" ", "space"}}};

}  // namespace

const std::vector<std::string_view>& FieldSplitter::split(std::string_view line) {
  fields_.clear();
  if (separator_ == "," && line.find('"') != std::string_view::npos) {
    split_quoted(line);
    return fields_;
  }
  const bool runs = separator_ == " ";
  if (runs) {
    while (line.ends_with(' ')) {
      line.remove_suffix(1);
    }
  }
  std::size_t begin = 0;
  for (;;) {
    while (runs && begin < line.size() && line[begin] == ' ') {
      ++begin;
    }
    const std::size_t end =
        separator_.size() == 1 ? line.find(separator_[0], begin) : line.find(separator_, begin);
    if (end == std::string_view::npos) {
      fields_.push_back(line.substr(begin));
      return fields_;
    }
    fields_.push_back(line.substr(begin, end - begin));
    begin = end + separator_.size();
  }
}

void FieldSplitter::split_quoted(std::string_view line) {
  // All fields first: views into a growing vector of strings would move.
  unquoted_.clear();
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      field += '"';
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      unquoted_.push_back(std::exchange(field, {}));
    } else {
      field += line[i];
    }
  }
  unquoted_.push_back(std::move(field));
  fields_.assign(unquoted_.begin(), unquoted_.end());
}

bool LineWalker::next(std::string_view& line) {
  if (rest_.empty()) {
    return false;
  }
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  ++number_;
  return true;
}

std::string detect_separator(const std::vector<std::string_view>& sample) {
  for (const Separator& separator : kSeparators) {
    FieldSplitter splitter(separator.text);
    std::size_t count = 0;
    bool same = !sample.empty();
    for (const std::string_view line : sample) {
      const std::size_t fields = splitter.split(line).size();
      same = same && fields >= 2 && (count == 0 || fields == count);
      count = fields;
    }
    if (same) {
      return separator.text;
    }
  }
  return "";
}

std::string name_of_separator(const std::string& separator) {
  for (const Separator& known : kSeparators) {
    if (separator == known.text) {
      return known.name;
    }
  }
  return separator;
}

std::string parse_separator(const std::string& word) {
  if (word == "auto") {
    return "";
  }
  for (const Separator& known : kSeparators) {
    if (word == known.name || word == known.text) {
      return known.text;
    }
  }
  throw UsageError(
      "--separator: expected auto, tab, comma, space, semicolon, pipe or ::, got '", word, "'");
}

std::vector<std::string_view> sample_lines(std::string_view text, std::size_t count) {
  std::vector<std::string_view> sample;
  LineWalker lines(text);
  for (std::string_view line; sample.size() < count && lines.next(line);) {
    if (line.find_first_not_of(" \t") != std::string_view::npos) {
      sample.push_back(line);
    }
  }
  return sample;
}

bool is_number(std::string_view field) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return error == std::errc() && end == field.data() + field.size() && std::isfinite(value);
}

std::string excerpt(std::string_view line) {
  constexpr std::size_t kMost = 60;
  std::string shown(line.substr(0, kMost));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ' && c != '\t') {
      c = '?';
    }
  }
  return line.size() > kMost ? shown + "..." : shown;
}

}  // namespace elastic::data
