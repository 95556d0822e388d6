#include "data/fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/error.h"
#include "data/separator.h"

namespace elastic::data {
namespace {

// A quoted field longer than this is taken as never closed.
constexpr std::size_t kLongestQuoted = std::size_t{1} << 16;

// Position of the quote that closes the field opened by the quote at `open`. None if the field does
// not close, or text follows its closing quote; the quotes are then ordinary characters.
std::size_t closing_quote(std::string_view text, std::size_t open, char separator) {
  const std::string_view reach = text.substr(0, open + kLongestQuoted);
  for (std::size_t at = open + 1;; at += 2) {
    at = reach.find('"', at);
    if (at == std::string_view::npos) {
      return at;
    }
    const std::string_view after = text.substr(at + 1, 2);
    if (!after.starts_with('"')) {
      const bool ends = after.empty() || after[0] == separator || after[0] == '\n' ||
                        after == "\r\n" || after == "\r";
      return ends ? at : std::string_view::npos;
    }
  }
}

// Position of the line's "\n", ignoring those inside quoted fields.
std::size_t end_of_quoted_line(std::string_view text, char separator) {
  const std::size_t first_end = text.find('\n');
  if (text.substr(0, first_end).find('"') == std::string_view::npos) {
    return first_end;
  }
  for (std::size_t at = 0;;) {
    if (at < text.size() && text[at] == '"') {
      const std::size_t close = closing_quote(text, at, separator);
      at = close == std::string_view::npos ? at : close;
    }
    const char stops[] = {separator, '\n'};
    at = text.find_first_of(std::string_view(stops, 2), at);
    if (at == std::string_view::npos || text[at] == '\n') {
      return at;
    }
    ++at;
  }
}

bool may_quote(std::string_view separator) {
  return separator == "," || separator == ";";
}

}  // namespace

const std::vector<std::string_view>& FieldSplitter::split(std::string_view line) {
  fields_.clear();
  if (separator_ == " ") {
    split_blanks(line);
  } else if (may_quote(separator_) && line.find('"') != std::string_view::npos) {
    split_quoted(line);
  } else if (separator_.size() == 1) {
    split_at(separator_[0], line);
  } else {
    std::size_t end = 0;
    for (std::size_t begin = 0; end != std::string_view::npos; begin = end + separator_.size()) {
      end = line.find(separator_, begin);
      fields_.push_back(line.substr(begin, end - begin));
    }
  }
  return fields_;
}

void FieldSplitter::split_at(char separator, std::string_view line) {
  std::size_t end = 0;
  for (std::size_t begin = 0; end != std::string_view::npos; begin = end + 1) {
    end = line.find(separator, begin);
    fields_.push_back(line.substr(begin, end - begin));
  }
}

void FieldSplitter::split_blanks(std::string_view line) {
  for (std::size_t begin = line.find_first_not_of(' '); begin < line.size();) {
    const std::size_t end = line.find(' ', begin);
    fields_.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(' ', end);
  }
}

void FieldSplitter::split_quoted(std::string_view line) {
  unquoted_.clear();
  const char separator = separator_[0];
  for (std::size_t begin = 0;;) {
    const std::size_t close = line.substr(begin).starts_with('"')
                                  ? closing_quote(line, begin, separator)
                                  : std::string_view::npos;
    const bool quoted = close != std::string_view::npos;
    const std::size_t end = line.find(separator, quoted ? close : begin);
    std::string_view field = line.substr(begin, end - begin);
    if (quoted) {
      field = line.substr(begin + 1, close - begin - 1);
      if (field.find('"') != std::string_view::npos) {
        std::string& text = unquoted_.emplace_back(field);
        for (std::size_t at = 0; (at = text.find("\"\"", at)) != std::string::npos; ++at) {
          text.erase(at, 1);
        }
        field = text;
      }
    }
    fields_.push_back(field);
    if (end == std::string_view::npos) {
      return;
    }
    begin = end + 1;
  }
}

LineWalker::LineWalker(std::string_view text, std::string_view separator)
    : rest_(text), quoted_separator_(may_quote(separator) ? separator[0] : '\0') {}

bool LineWalker::next(std::string_view& line) {
  if (rest_.empty()) {
    return false;
  }
  const bool quotes = quoted_separator_ != '\0';
  const std::size_t end = quotes ? end_of_quoted_line(rest_, quoted_separator_) : rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  number_ = next_number_++;
  if (quotes) {
    next_number_ += static_cast<std::size_t>(std::count(line.begin(), line.end(), '\n'));
  }
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return true;
}

FieldCounts count_fields(const std::vector<std::string_view>& sample,
                         const std::string& separator) {
  FieldCounts counts{separator};
  FieldSplitter splitter(separator);
  std::map<std::size_t, std::size_t> lines;  // by number of fields
  for (const std::string_view line : sample) {
    const std::size_t fields = splitter.split(line).size();
    ++lines[fields];
    counts.largest = std::max(counts.largest, fields);
  }
  for (const auto& [fields, count] : lines) {
    const double share = static_cast<double>(count) / static_cast<double>(sample.size());
    // Prefer the larger of two equally common numbers: rows are more often cut short than too long.
    if (share >= counts.share) {
      counts.num_fields = fields;
      counts.share = share;
    }
  }
  return counts;
}

FieldCounts detect_separator(const std::vector<std::string_view>& sample) {
  FieldCounts best;
  for (const KnownSeparator& separator : kSeparators) {
    const FieldCounts counts = count_fields(sample, separator.characters);
    if (counts.num_fields >= 2 && counts.share > best.share) {
      best = counts;
    }
  }
  return best;
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
  std::size_t size = std::min(line.size(), kMost);
  while (size < line.size() && size > 0 && (static_cast<unsigned char>(line[size]) >> 6U) == 2U) {
    --size;  // do not cut inside a character
  }
  std::string shown(line.substr(0, size));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ' && c != '\t') {
      c = '?';
    }
  }
  return size < line.size() ? shown + "..." : shown;
}

}  // namespace elastic::data
