// Parses lines into objects of simdjson, with checked values. Only for the readers of objects.
#pragma once

#include <simdjson.h>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "data/objects.h"

namespace elastic::data {

/// Thrown while a line is parsed; parse() returns its text.
struct BrokenObject {
  std::string problem;
};

class ObjectParser {
 public:
  using Object = simdjson::ondemand::object;
  using Value = simdjson::ondemand::value;
  enum class Kind { kScalar, kNull, kList, kObject };
  /// A value, and its text if it is a scalar. The text is valid until the next line.
  struct Token {
    Kind kind = Kind::kNull;
    std::string_view text;
  };
  static constexpr int kDeepest = 64;

  explicit ObjectParser(ObjectSyntax syntax) : syntax_(syntax) {}

  /// Calls `visit(object, depth)` for the object of the line; it must iterate over all of it.
  /// Returns "" or the problem.
  template <class Visit>
  std::string parse(std::string_view line, Visit&& visit) {
    try {
      start(line);
      visit(root(), 1);
      finish();
    } catch (const BrokenObject& broken) {
      return broken.problem;
    } catch (const simdjson::simdjson_error& error) {
      return describe(error.error());
    }
    return "";
  }

  /// The key of a field, unescaped.
  std::string_view key(simdjson::ondemand::field& field);
  /// Checks and reads a value. Read a value once.
  Token read(Value& value);
  /// Checks a value that is not asked for, with everything in it.
  void check(Value& value, int depth);
  void check(Object object, int depth);

 private:
  void start(std::string_view line);
  Object root();
  void finish();
  std::string_view trimmed_token(Value& value);
  std::string_view text(std::string_view token);
  std::string_view number(std::string_view token);
  std::string describe(simdjson::error_code error) const;
  [[nodiscard]] std::string place() const;

  ObjectSyntax syntax_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  std::vector<char> buffer_;  // the line, and padding
  std::size_t length_ = 0;
  const char* last_ = nullptr;  // the latest token, for messages
  std::string json_;            // a line of Python, as JSON
  std::deque<std::string> numbers_;
  std::size_t num_numbers_ = 0;
};

}  // namespace elastic::data
