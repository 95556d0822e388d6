#include "data/fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/visible_text.h"
#include "data/blanks.h"
#include "data/separator.h"

namespace elastic::data {
namespace {

// A quoted field longer than this is taken as never closed.
constexpr std::size_t kLongestQuoted = std::size_t{1} << 16;

// Position of the quote that closes the field opened by the quote at `open`. None if the field does
// not close, or text follows its closing quote; the quotes are then ordinary characters.
std::size_t closing_quote(std::string_view text, std::size_t open, const RowSyntax& syntax) {
  const std::string_view reach = text.substr(0, open + kLongestQuoted);
  for (std::size_t at = open + 1; at < reach.size(); ++at) {
    at = syntax.backslash ? reach.find_first_of("\"\\", at) : reach.find('"', at);
    if (at == std::string_view::npos) {
      return at;
    }
    const bool escapes = reach[at] == '\\' || text.substr(at + 1).starts_with('"');
    if (escapes) {
      ++at;
      continue;
    }
    const std::size_t next = text.find_first_not_of(syntax.separator == " " ? "\r" : " \r", at + 1);
    const bool ends =
        next == std::string_view::npos || text[next] == syntax.separator[0] || text[next] == '\n';
    return ends ? at : std::string_view::npos;
  }
  return std::string_view::npos;
}

// Position of the first character of a field, after its leading blanks.
std::size_t field_start(std::string_view text, std::size_t begin, const RowSyntax& syntax) {
  const std::size_t at = text.find_first_not_of(' ', begin);
  return at == std::string_view::npos || syntax.separator == " " ? begin : at;
}

// Position of the line's "\n", ignoring those inside quoted fields.
std::size_t end_of_quoted_line(std::string_view text, const RowSyntax& syntax) {
  const std::size_t first_end = text.find('\n');
  if (text.substr(0, first_end).find('"') == std::string_view::npos) {
    return first_end;
  }
  for (std::size_t at = 0;;) {
    at = field_start(text, at, syntax);
    if (at < text.size() && text[at] == '"') {
      const std::size_t close = closing_quote(text, at, syntax);
      at = close == std::string_view::npos ? at : close;
    }
    const char stops[] = {syntax.separator[0], '\n'};
    at = text.find_first_of(std::string_view(stops, 2), at);
    if (at == std::string_view::npos || text[at] == '\n') {
      return at;
    }
    ++at;
  }
}

}  // namespace

const std::vector<std::string_view>& FieldSplitter::split(std::string_view line) {
  fields_.clear();
  const std::string& separator = syntax_.separator;
  if (syntax_.may_quote() && line.find('"') != std::string_view::npos) {
    split_quoted(separator == " " ? stripped(line) : line);
  } else if (separator == " ") {
    split_blanks(line);
  } else if (separator.size() == 1) {
    split_at(separator[0], line);
  } else {
    std::size_t end = 0;
    for (std::size_t begin = 0; end != std::string_view::npos; begin = end + separator.size()) {
      end = separator.empty() ? std::string_view::npos : line.find(separator, begin);
      fields_.push_back(stripped(line.substr(begin, end - begin)));
    }
  }
  return fields_;
}

void FieldSplitter::split_at(char separator, std::string_view line) {
  std::size_t end = 0;
  for (std::size_t begin = 0; end != std::string_view::npos; begin = end + 1) {
    end = line.find(separator, begin);
    fields_.push_back(stripped(line.substr(begin, end - begin)));
  }
}

void FieldSplitter::split_blanks(std::string_view line) {
  for (std::size_t begin = line.find_first_not_of(' '); begin < line.size();) {
    const std::size_t end = line.find(' ', begin);
    fields_.push_back(stripped(line.substr(begin, end - begin)));
    begin = line.find_first_not_of(' ', end);
  }
}

std::string_view FieldSplitter::without_escapes(std::string_view quoted) {
  const bool plain = quoted.find('"') == std::string_view::npos &&
                     (!syntax_.backslash || quoted.find('\\') == std::string_view::npos);
  if (plain) {
    return quoted;
  }
  std::string& text = unquoted_.emplace_back();
  for (std::size_t at = 0; at < quoted.size(); ++at) {
    const bool escape = quoted[at] == '"' || (syntax_.backslash && quoted[at] == '\\');
    at += escape && at + 1 < quoted.size() ? 1 : 0;
    text += quoted[at];
  }
  return text;
}

void FieldSplitter::split_quoted(std::string_view line) {
  unquoted_.clear();
  const char separator = syntax_.separator[0];
  for (std::size_t begin = 0;;) {
    const std::size_t start = field_start(line, begin, syntax_);
    const std::size_t close = line.substr(start).starts_with('"')
                                  ? closing_quote(line, start, syntax_)
                                  : std::string_view::npos;
    const bool quoted = close != std::string_view::npos;
    const std::size_t end = line.find(separator, quoted ? close : begin);
    const std::string_view plain = stripped(line.substr(begin, end - begin));
    if (!quoted && plain.size() >= 3 && plain.starts_with("=\"") && plain.ends_with('"')) {
      fields_.push_back(plain.substr(2, plain.size() - 3));  // a text as Excel writes it: ="007"
    } else {
      fields_.push_back(
          quoted ? stripped(without_escapes(line.substr(start + 1, close - start - 1))) : plain);
    }
    if (end == std::string_view::npos) {
      return;
    }
    begin = separator == ' ' ? line.find_first_not_of(' ', end) : end + 1;
  }
}

LineWalker::LineWalker(std::string_view text, RowSyntax syntax)
    : rest_(text), syntax_(std::move(syntax)) {}

bool LineWalker::next(std::string_view& line) {
  if (rest_.empty()) {
    return false;
  }
  const bool quotes = syntax_.spans_lines();
  const std::size_t end = quotes ? end_of_quoted_line(rest_, syntax_) : rest_.find('\n');
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

FieldCounts count_fields(const std::vector<std::string_view>& sample, const RowSyntax& syntax) {
  FieldCounts counts{syntax};
  FieldSplitter splitter(syntax);
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

// \" before the end of a quoted field; at its end, the backslash may belong to the text.
bool has_inner_escape(std::string_view line, char separator) {
  for (std::size_t at = line.find("\\\""); at != std::string_view::npos;
       at = line.find("\\\"", at + 2)) {
    const char next = at + 2 < line.size() ? line[at + 2] : separator;
    if (next != separator && next != '"') {
      return true;
    }
  }
  return false;
}

FieldCounts detect_escapes(const std::vector<std::string_view>& sample,
                           const std::string& separator) {
  const FieldCounts plain = count_fields(sample, {separator});
  const bool any = std::any_of(sample.begin(), sample.end(), [](std::string_view line) {
    return line.find("\\\"") != std::string_view::npos;
  });
  if (!any || !plain.syntax.may_quote()) {
    return plain;
  }
  const FieldCounts escaped = count_fields(sample, {separator, /*backslash=*/true});
  const bool sure = escaped.share == plain.share && escaped.num_fields == plain.num_fields &&
                    std::any_of(sample.begin(), sample.end(), [&](std::string_view line) {
                      return has_inner_escape(line, separator[0]);
                    });
  return escaped.share > plain.share || sure ? escaped : plain;
}

bool may_separate(const std::string& separator, const std::vector<std::string_view>& sample) {
  return separator != "||" || std::all_of(sample.begin(), sample.end(), [](std::string_view line) {
           for (std::size_t at = line.find('|'); at < line.size(); at = line.find('|', at)) {
             const std::size_t end = std::min(line.find_first_not_of('|', at), line.size());
             if ((end - at) % 2 != 0) {
               return false;
             }
             at = end;
           }
           return true;
         });
}

// Commas in rows of another separator, not in their first fields, may be those of decimal numbers.
// In rows of commas, the first field ends at one.
bool has_commas_later(const std::string& separator, const std::vector<std::string_view>& sample) {
  return std::all_of(sample.begin(), sample.end(), [&](std::string_view line) {
    return line.find(separator) < line.find(',');
  });
}

FieldCounts detect_separator(const std::vector<std::string_view>& sample) {
  FieldCounts best;
  for (const KnownSeparator& separator : kSeparators) {
    if (!may_separate(separator.characters, sample)) {
      continue;
    }
    const FieldCounts counts = detect_escapes(sample, separator.characters);
    const bool better =
        counts.share > best.share ||
        (counts.share == best.share && best.syntax.separator == "," &&
         counts.num_fields > best.num_fields && has_commas_later(separator.characters, sample));
    if (counts.num_fields >= 2 && better) {
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
  return visible(line.substr(0, size)) + (size < line.size() ? "..." : "");
}

}  // namespace elastic::data
