#include "data/python_literals.h"

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "data/fields.h"
#include "data/json_text.h"
#include "data/utf8.h"

namespace elastic::data {
namespace {

constexpr std::size_t kDeepestLiteral = 64;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_number_start(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
}

/// True for bytes that mean themselves in any text of Python and JSON.
bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\'' && c != '\\';
}

/// Translates one text token by token.
class PythonTranslator {
 public:
  PythonTranslator(std::string_view text, std::string& json) : text_(text), json_(json) {
    json_.clear();
  }

  std::string run() {
    while (problem_.empty() && at_ < text_.size()) {
      token(text_[at_]);
    }
    if (problem_.empty() && !open_.empty()) {
      fail(concat("expected a closing bracket for '", open_.back(), "'"));
    }
    return std::move(problem_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void fail(const std::string& problem) { problem_ = concat(problem, " at byte ", at_ + 1); }

  void token(char c);
  void open(char bracket);
  void close(char bracket);
  void comma();
  [[nodiscard]] bool at_value() const;
  void number();
  void word();
  std::size_t prefix_length() const;
  void quoted(std::string_view prefix);
  void escape(bool is_unicode);
  void numeric_escape(std::size_t digits, bool is_unicode);
  void byte_escapes();
  void append(std::uint32_t character);

  std::string_view text_;
  std::string& json_;
  std::size_t at_ = 0;
  std::string open_;  // the brackets that are open
  std::string problem_;
};

void PythonTranslator::token(char c) {
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
    ++at_;
  } else if (c == '{' || c == '[' || c == '(') {
    open(c);
  } else if (c == '}' || c == ']' || c == ')') {
    close(c);
  } else if (c == ',') {
    comma();
  } else if (c == ':') {
    json_.push_back(c);
    ++at_;
  } else if (!at_value()) {
    fail(concat("expected ',' or ':', got '", excerpt(text_.substr(at_, 20)), "'"));
  } else if (const std::size_t prefix = prefix_length(); prefix != std::string_view::npos) {
    at_ += prefix;
    quoted(text_.substr(at_ - prefix, prefix));
  } else if (is_number_start(c)) {
    number();
  } else if (is_letter(c)) {
    word();
  } else {
    fail(concat("expected a Python value, got '", excerpt(text_.substr(at_, 20)), "'"));
  }
}

void PythonTranslator::open(char bracket) {
  if (open_.size() >= kDeepestLiteral) {
    fail(concat("the values are nested deeper than ", kDeepestLiteral, " levels"));
    return;
  }
  open_.push_back(bracket);
  json_.push_back(bracket == '(' ? '[' : bracket);
  ++at_;
}

void PythonTranslator::close(char bracket) {
  const char opening = bracket == '}' ? '{' : bracket == ']' ? '[' : '(';
  if (open_.empty() || open_.back() != opening) {
    fail(concat("unexpected '", bracket, "'"));
    return;
  }
  open_.pop_back();
  if (json_.back() == ',') {
    json_.pop_back();
  }
  json_.push_back(bracket == ')' ? ']' : bracket);
  ++at_;
}

void PythonTranslator::comma() {
  const char last = json_.empty() ? '\0' : json_.back();
  if (open_.empty() || last == ',' || last == '[' || last == '{' || last == ':') {
    fail("unexpected ','");
    return;
  }
  json_.push_back(',');
  ++at_;
}

// Values follow an opening bracket, a comma or a colon.
bool PythonTranslator::at_value() const {
  return json_.empty() || std::string_view("[{,:").find(json_.back()) != std::string_view::npos;
}

void PythonTranslator::number() {
  if ((peek() == '-' || peek() == '+') && is_letter(peek(1))) {
    const bool is_negative = text_[at_++] == '-';
    if (text_.substr(at_, 3) != "inf" || is_letter(peek(3))) {
      fail("expected a number");
      return;
    }
    at_ += 3;
    json_.append(is_negative ? "\"-inf\"" : "\"inf\"");
    return;
  }
  const std::size_t begin = at_;
  while (is_number_start(peek()) || peek() == 'e' || peek() == 'E') {
    ++at_;
  }
  const std::string_view digits = text_.substr(begin, at_ - begin);
  if (peek() == 'L') {  // a long number of Python 2
    ++at_;
  }
  std::size_t next = at_;
  while (next < text_.size() && text_[next] == ' ') {
    ++next;
  }
  const bool is_key = next < text_.size() && text_[next] == ':';
  json_.append(is_key ? "\"" : "").append(digits).append(is_key ? "\"" : "");
}

void PythonTranslator::word() {
  const std::size_t begin = at_;
  while (is_letter(peek())) {
    ++at_;
  }
  const std::string_view word = text_.substr(begin, at_ - begin);
  if (word == "True" || word == "true") {
    json_.append("true");
  } else if (word == "False" || word == "false") {
    json_.append("false");
  } else if (word == "None" || word == "null") {
    json_.append("null");
  } else if (word == "nan" || word == "inf" || word == "NaN" || word == "Infinity") {
    json_.append("\"").append(word).append("\"");
  } else {
    at_ = begin;
    fail(concat("expected a Python value, got '", excerpt(text_.substr(at_, 20)), "'"));
  }
}

// The number of letters before the quote of a text here (u, b, r, br); npos: there is no text.
std::size_t PythonTranslator::prefix_length() const {
  for (std::size_t length = 0; length <= 2; ++length) {
    const char c = peek(length);
    if (c == '\'' || c == '"') {
      return length;
    }
    const char lower = static_cast<char>(c | 0x20);
    if (lower != 'u' && lower != 'b' && lower != 'r') {
      break;
    }
  }
  return std::string_view::npos;
}

void PythonTranslator::quoted(std::string_view prefix) {
  const bool is_raw = prefix.find_first_of("rR") != std::string_view::npos;
  const bool is_unicode = prefix.find_first_of("uU") != std::string_view::npos;
  const char quote = text_[at_++];
  json_.push_back('"');
  while (problem_.empty()) {
    if (at_ >= text_.size()) {
      fail("a text lacks its closing quote");
    } else if (text_[at_] == quote) {
      ++at_;
      break;
    } else if (text_[at_] == '\\' && !is_raw) {
      escape(is_unicode);
    } else {
      const std::size_t begin = at_;
      while (at_ < text_.size() && is_plain(text_[at_])) {
        ++at_;
      }
      json_.append(text_, begin, at_ - begin);
      if (at_ == begin) {
        append_json(text_[at_++], json_);
      }
    }
  }
  json_.push_back('"');
}

void PythonTranslator::escape(bool is_unicode) {
  constexpr std::string_view kLetters = "\\'\"abfnrtv";
  constexpr std::string_view kCharacters = "\\'\"\a\b\f\n\r\t\v";
  const char letter = peek(1);
  if (const std::size_t known = kLetters.find(letter); known != std::string_view::npos) {
    append_json(kCharacters[known], json_);
    at_ += 2;
  } else if (letter == 'x') {
    numeric_escape(2, is_unicode);
  } else if (letter == 'u') {
    numeric_escape(4, is_unicode);
  } else if (letter == 'U') {
    numeric_escape(8, is_unicode);
  } else if (letter >= '0' && letter <= '7') {
    std::uint32_t character = 0;
    ++at_;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i) {
      character = character * 8 + static_cast<std::uint32_t>(text_[at_++] - '0');
    }
    append(character);
  } else {
    append_json('\\', json_);  // as in Python, an unknown escape stays
    ++at_;
  }
}

// \xHH, \uHHHH or \UHHHHHHHH
void PythonTranslator::numeric_escape(std::size_t digits, bool is_unicode) {
  const std::int64_t value = parse_hex(text_.substr(at_ + 2), digits);
  if (value < 0) {
    fail("expected hexadecimal digits in the escape");
    return;
  }
  if (digits == 2 && value >= 0x80 && !is_unicode) {
    byte_escapes();
    return;
  }
  at_ += 2 + digits;
  auto character = static_cast<std::uint32_t>(value);
  if (digits == 4 && peek() == '\\' && peek(1) == 'u') {
    const std::int64_t low = parse_hex(text_.substr(at_ + 2), digits);
    const std::uint32_t joined =
        low < 0 ? 0 : join_surrogates(character, static_cast<std::uint32_t>(low));
    if (joined != 0) {
      character = joined;
      at_ += 6;
    }
  }
  append(character);
}

// A run of \xHH of 0x80 and more: bytes of UTF-8 (Python 2), or characters (Python 3).
void PythonTranslator::byte_escapes() {
  std::string bytes;
  while (peek() == '\\' && peek(1) == 'x') {
    const std::int64_t value = parse_hex(text_.substr(at_ + 2), 2);
    if (value < 0x80) {
      break;
    }
    bytes.push_back(static_cast<char>(value));
    at_ += 4;
  }
  if (is_valid_utf8(bytes)) {
    json_.append(bytes);
    return;
  }
  for (const char byte : bytes) {
    append_utf8(static_cast<unsigned char>(byte), json_);
  }
}

void PythonTranslator::append(std::uint32_t character) {
  if (character < 0x80) {
    append_json(static_cast<char>(character), json_);
    return;
  }
  char bytes[4];
  const char* const end = write_utf8(character, bytes);
  json_.append(bytes, static_cast<std::size_t>(end - bytes));
}

}  // namespace

std::string python_to_json(std::string_view text, std::string& json) {
  return PythonTranslator(text, json).run();
}

}  // namespace elastic::data
