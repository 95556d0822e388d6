// Lists within a field of a table: "a,b,c", "[1, 2, 3]", "['a', 'b']".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// Splits a list. `separator` is the text between entries, or "[" for a list in brackets, written
/// as JSON or Python do. Views point into `field` or `buffer`.
class ListSplitter {
 public:
  /// Sets `entries`; false if the field is not such a list. "" and "[]" are lists without entries.
  bool split(std::string_view field,
             const std::string& separator,
             std::vector<std::string_view>& entries);

 private:
  bool split_brackets(std::string_view field, std::vector<std::string_view>& entries);
  std::vector<std::string> unescaped_;
};

/// True for text in [ ] or ( ).
bool in_brackets(std::string_view field);

}  // namespace elastic::data
