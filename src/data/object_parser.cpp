#include "data/object_parser.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "data/canonical_number.h"
#include "data/fields.h"
#include "data/json_text.h"
#include "data/python_literals.h"
#include "data/take_text.h"

namespace elastic::data {
namespace {

/// Position of the first quote without a backslash; sets whether there are escapes before it.
std::size_t find_quote(std::string_view text, bool& has_escapes) {
  has_escapes = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      return at;
    }
    if (text[at] == '\\') {
      has_escapes = true;
      ++at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

void ObjectParser::start(std::string_view line) {
  if (syntax_ == ObjectSyntax::kPython) {
    if (std::string problem = python_to_json(line, json_); !problem.empty()) {
      throw BrokenObject{std::move(problem)};
    }
    line = json_;
  }
  length_ = line.size();
  num_numbers_ = 0;
  if (buffer_.size() < length_ + simdjson::SIMDJSON_PADDING) {
    buffer_.resize(2 * length_ + simdjson::SIMDJSON_PADDING);
  }
  // The padding must hold no bracket of an earlier line.
  std::memcpy(buffer_.data(), line.data(), length_);
  std::memset(buffer_.data() + length_, 0, simdjson::SIMDJSON_PADDING);
  last_ = buffer_.data();
  document_ = parser_.iterate(buffer_.data(), length_, buffer_.size());
}

ObjectParser::Object ObjectParser::root() {
  const std::string_view token = document_.raw_json_token();
  last_ = token.data();
  if (token.front() != '{') {
    const char* const kind = syntax_ == ObjectSyntax::kJson ? "a JSON object" : "a Python dict";
    throw BrokenObject{
        concat("expected ",
               kind,
               ", got '",
               excerpt({last_, length_ - static_cast<std::size_t>(last_ - buffer_.data())}),
               "'")};
  }
  return document_.get_object();
}

void ObjectParser::finish() {
  const auto rest = document_.current_location();
  if (rest.error() != simdjson::OUT_OF_BOUNDS) {
    throw BrokenObject{"expected one object, got text after it"};
  }
}

std::string_view ObjectParser::key(simdjson::ondemand::field& field) {
  const char* const raw = field.key().raw();
  last_ = raw - 1;
  const std::size_t begin = static_cast<std::size_t>(raw - buffer_.data());
  bool has_escapes = false;
  const std::size_t size = find_quote({raw, length_ - begin}, has_escapes);
  if (!has_escapes && size != std::string_view::npos) {
    return {raw, size};
  }
  return text({raw - 1, size == std::string_view::npos ? 0 : size + 2});
}

std::string_view ObjectParser::trimmed_token(Value& value) {
  const std::string_view token = value.raw_json_token();
  last_ = token.data();
  const std::size_t begin = static_cast<std::size_t>(last_ - buffer_.data());
  if (begin >= length_) {
    throw BrokenObject{"the object is not closed"};
  }
  std::size_t size = std::min(token.size(), length_ - begin);
  while (size > 0 && (last_[size - 1] == ' ' || last_[size - 1] == '\t' ||
                      last_[size - 1] == '\n' || last_[size - 1] == '\r')) {
    --size;
  }
  return {last_, size};
}

std::string_view ObjectParser::text(std::string_view token) {
  bool has_escapes = false;
  if (token.size() < 2 || find_quote(token.substr(1), has_escapes) != token.size() - 2) {
    throw BrokenObject{concat("expected text in double quotes", place())};
  }
  const std::string_view inner = token.substr(1, token.size() - 2);
  if (!has_escapes) {
    return inner;
  }
  // In place: the parser does not read a token again, except for its first byte.
  char* const begin = buffer_.data() + (inner.data() - buffer_.data());
  const std::size_t length = unescape_json(begin, inner.size());
  if (length == std::string_view::npos) {
    throw BrokenObject{concat("unknown escape in the text", place())};
  }
  return {begin, length};
}

std::string_view ObjectParser::number(std::string_view token) {
  if (token.size() < 20 && token.front() != '0' &&
      std::all_of(token.begin(), token.end(), is_digit)) {
    return token;
  }
  if (token == "-Infinity") {
    return token;
  }
  if (!is_json_number(token)) {
    throw BrokenObject{concat("expected a number, got '", excerpt(token), "'", place())};
  }
  if (num_numbers_ == numbers_.size()) {
    numbers_.emplace_back();
  }
  std::string& buffer = numbers_[num_numbers_];
  const std::string_view result = canonical_number(token, buffer);
  num_numbers_ += result.data() == buffer.data() ? 1 : 0;
  return result;
}

ObjectParser::Token ObjectParser::read(Value& value) {
  const std::string_view token = trimmed_token(value);
  switch (token.front()) {
    case '{':
      return {Kind::kObject, {}};
    case '[':
      return {Kind::kList, {}};
    case '"':
      return {Kind::kScalar, text(token)};
    case 'n':
      if (token == "null") {
        return {Kind::kNull, {}};
      }
      break;
    case 't':
    case 'f':
    case 'N':
    case 'I':
      // The last two are written by Python's json, and by pandas.
      if (token == "true" || token == "false" || token == "NaN" || token == "Infinity") {
        return {Kind::kScalar, token};
      }
      break;
    default:
      if (token.front() == '-' || (token.front() >= '0' && token.front() <= '9')) {
        return {Kind::kScalar, number(token)};
      }
  }
  throw BrokenObject{concat("expected a value, got '", excerpt(token), "'", place())};
}

void ObjectParser::check(Value& value, int depth) {
  const std::string_view token = trimmed_token(value);
  if (token.front() == '"') {
    if (token.size() < 2 || token.back() != '"') {
      throw BrokenObject{concat("expected text in double quotes", place())};
    }
    if (!has_known_escapes(token.substr(1, token.size() - 2))) {
      throw BrokenObject{concat("unknown escape in the text", place())};
    }
  } else if (token.front() == '{') {
    check(value.get_object(), depth + 1);
  } else if (token.front() == '[') {
    if (depth >= kDeepest) {
      throw BrokenObject{concat("the values are nested deeper than ", kDeepest, " levels")};
    }
    for (Value element : value.get_array()) {
      check(element, depth + 1);
    }
  } else {
    read(value);
  }
}

void ObjectParser::check(Object object, int depth) {
  if (depth > kDeepest) {
    throw BrokenObject{concat("the values are nested deeper than ", kDeepest, " levels")};
  }
  for (simdjson::ondemand::field field : object) {
    check(field.value(), depth);
  }
}

std::string ObjectParser::place() const {
  // The bytes of a converted line are not those of the file.
  return syntax_ == ObjectSyntax::kPython ? "" : concat(" at byte ", last_ - buffer_.data() + 1);
}

std::string ObjectParser::describe(simdjson::error_code error) const {
  switch (error) {
    case simdjson::EMPTY:
      return "expected an object, got a blank line";
    case simdjson::UTF8_ERROR:
      return "the object is not valid UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "the object is broken: a text lacks its closing quote";
    case simdjson::UNESCAPED_CHARS:
      return "the object is broken: a text holds a control character";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "the object is not closed, or other text follows it";
    case simdjson::MEMALLOC:
      return "the object is too large for the memory";
    default:
      return concat("the object is broken", place());
  }
}

}  // namespace elastic::data
