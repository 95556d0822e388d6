#include "data/object_lines.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "data/fields.h"

namespace elastic::data {
namespace {

constexpr std::size_t kSampleObjects = 100;
constexpr std::string_view kBlanks = " \t\n\r";

/// The syntax in which `text` is an object; JSON if it is one in both.
std::optional<ObjectSyntax> syntax_of(std::string_view text) {
  if (text.size() > kLongestLine) {
    return std::nullopt;
  }
  Record nothing;
  for (const ObjectSyntax syntax : {ObjectSyntax::kJson, ObjectSyntax::kPython}) {
    if (ObjectReader(syntax, {}).read(text, nothing).empty()) {
      return syntax;
    }
  }
  return std::nullopt;
}

/// True if `line` is a list of values, without objects and lists.
bool is_list_of_values(std::string_view line) {
  if (!line.starts_with('[') || line.size() > kLongestLine) {
    return false;
  }
  const std::string object = concat("{\"list\":", line, "}");
  for (const ObjectSyntax syntax : {ObjectSyntax::kJson, ObjectSyntax::kPython}) {
    if (const auto keys = flatten_object(syntax, object)) {
      return keys->size() == 1 && keys->front().key == "list";
    }
  }
  return false;
}

/// Follows the brackets and quotes of a text.
class BracketCounter {
 public:
  explicit BracketCounter(ObjectSyntax syntax) : is_python_(syntax == ObjectSyntax::kPython) {}
  /// Reads the next byte. True if it is part of a text in quotes.
  bool add(char c) {
    if (quote_ != '\0') {
      if (is_escaped_) {
        is_escaped_ = false;
      } else if (c == '\\') {
        is_escaped_ = true;
      } else if (c == quote_) {
        quote_ = '\0';
      }
      return true;
    }
    if (c == '"' || (c == '\'' && is_python_)) {
      quote_ = c;
      return true;
    }
    depth_ += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    return false;
  }
  /// Leaves a text without closing quote, at the end of the line.
  void end_text() {
    quote_ = '\0';
    is_escaped_ = false;
  }
  [[nodiscard]] int depth() const { return depth_; }

 private:
  bool is_python_;
  char quote_ = '\0';
  bool is_escaped_ = false;
  int depth_ = 0;
};

/// End of the object that begins at `begin`; npos if it is not closed, or too long.
std::size_t object_end(std::string_view text, std::size_t begin, ObjectSyntax syntax) {
  BracketCounter counter(syntax);
  const std::size_t last = std::min(text.size(), begin + kLongestLine);
  for (std::size_t at = begin; at < last; ++at) {
    if (!counter.add(text[at]) && counter.depth() == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

std::string in_line(std::string_view text, std::size_t at, const std::string& problem) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(at);
  return concat("line ", 1 + std::count(text.begin(), end, '\n'), ": ", problem);
}

/// Finds the syntax from the first objects of a text that does not have one per line.
ObjectText examine_objects(std::string_view text) {
  ObjectText found;
  std::size_t at = text.find_first_not_of(" \t\n\r[");
  if (at == std::string_view::npos || text[at] != '{') {
    at = std::min(at, text.find_first_not_of(kBlanks));
    found.problem =
        in_line(text, at, concat("expected objects, got '", excerpt(text.substr(at, 60)), "'"));
    return found;
  }
  for (std::size_t i = 0; i < kSampleObjects && at != std::string_view::npos; ++i) {
    std::optional<ObjectSyntax> syntax;
    std::size_t end = 0;
    for (const ObjectSyntax counted : {ObjectSyntax::kJson, ObjectSyntax::kPython}) {
      end = object_end(text, at, counted);
      if (!syntax && end != std::string_view::npos) {
        syntax = syntax_of(text.substr(at, end - at));
      }
      if (syntax) {
        break;
      }
    }
    if (!syntax && i == 0) {
      Record nothing;
      const std::string problem =
          end == std::string_view::npos
              ? "the object that begins here is not closed"
              : ObjectReader(ObjectSyntax::kJson, {}).read(text.substr(at, end - at), nothing);
      found.problem = in_line(text, at, problem);
    }
    if (!syntax || *syntax == ObjectSyntax::kPython) {
      found.syntax = syntax.value_or(found.syntax);
      return found;
    }
    at = text.find('{', end);
  }
  return found;
}

/// Writes one object per line into the text that it reads, always behind the byte that it reads.
class LineLayout {
 public:
  LineLayout(std::string& text, ObjectSyntax syntax) : text_(text), counter_(syntax) {}

  /// "" or the problem.
  std::string run() {
    for (; read_ < text_.size(); ++read_) {
      if (counter_.depth() > 0) {
        inside(text_[read_]);
      } else {
        outside(text_[read_]);
      }
    }
    text_.resize(write_);
    return num_open_ > 0 ? "the list of objects is not closed by ']': the file may be cut" : "";
  }

 private:
  void put(char c) { text_[write_++] = c; }

  void outside(char c) {
    if (c == '\n') {
      put(c);
      place_ = Place::kNewLine;
    } else if (c == '[' || c == ']') {
      num_open_ += c == '[' ? 1 : -1;
      place_ = place_ == Place::kOther ? Place::kEnded : place_;
    } else if (c == ',' || kBlanks.find(c) != std::string_view::npos) {
      place_ = place_ == Place::kOther ? Place::kEnded : place_;
    } else if (c == '{') {
      begin_item();
      counter_.add(c);
      put(c);
    } else {
      if (place_ != Place::kOther) {
        begin_item();
      }
      place_ = Place::kOther;
      put(c);
    }
  }

  void inside(char c) {
    if (c == '\n') {
      // No quoted text spans lines, so a missing quote breaks one object only.
      counter_.end_text();
      const char next = read_ + 1 < text_.size() ? text_[read_ + 1] : ' ';
      if (is_separator(text_[write_ - 1]) || is_separator(next)) {
        ++num_line_ends_;
      } else {
        put(' ');
      }
      return;
    }
    put(c);
    if (!counter_.add(c) && counter_.depth() == 0) {
      place_ = num_line_ends_ > 0 ? Place::kNewLine : Place::kEnded;
      for (; num_line_ends_ > 0; --num_line_ends_) {
        put('\n');
      }
    }
  }

  static bool is_separator(char c) {
    return std::string_view(" \t\r\n,:{}[]").find(c) != std::string_view::npos;
  }

  // Ends the line if it holds an item already.
  void begin_item() {
    if (place_ == Place::kNewLine) {
      return;
    }
    if (write_ == read_) {
      const std::size_t room = 64 + (text_.size() - read_) / 8;
      text_.insert(read_, room, ' ');
      read_ += room;
    }
    put('\n');
  }

  enum class Place { kNewLine, kEnded, kOther };  // kOther: within other text than objects

  std::string& text_;
  BracketCounter counter_;
  std::size_t read_ = 0;
  std::size_t write_ = 0;
  Place place_ = Place::kNewLine;
  std::int64_t num_open_ = 0;      // brackets around the objects
  std::size_t num_line_ends_ = 0;  // left out of the current object
};

/// What the first lines are, if each is an object or a list of values; nullopt for other layouts.
std::optional<ObjectText> examine_lines(std::string_view text) {
  const std::vector<std::string_view> sample = sample_lines(text, kSampleObjects);
  std::size_t num_objects = 0;
  std::size_t num_lists = 0;
  ObjectText found;
  bool first_is_object = false;
  for (const std::string_view line : sample) {
    const auto syntax = syntax_of(line);
    num_objects += syntax ? 1 : 0;
    num_lists += is_list_of_values(line) ? 1 : 0;
    first_is_object = first_is_object || (syntax && &line == &sample.front());
    if (syntax == ObjectSyntax::kPython) {
      found.syntax = ObjectSyntax::kPython;
    }
  }
  const bool is_list = text[text.find_first_not_of(kBlanks)] == '[';
  found.is_lists = is_list && 2 * num_lists > sample.size();
  if (found.is_lists || first_is_object || 2 * num_objects > sample.size()) {
    return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ObjectText> objects_as_lines(std::string& text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) {
    return std::nullopt;
  }
  // Also behind a first line that is none: a damaged object, a heading.
  if (auto lines = examine_lines(text)) {
    return lines;
  }
  if (text[begin] != '{' && text[begin] != '[') {
    return std::nullopt;
  }
  ObjectText found = examine_objects(text);
  if (found.problem.empty()) {
    const std::string place = in_line(text, begin, "");
    const std::string problem = LineLayout(text, found.syntax).run();
    found.problem = problem.empty() ? "" : place + problem;
  }
  return found;
}

}  // namespace elastic::data
