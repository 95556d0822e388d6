// Reads values by key from the objects of a log: a JSON object, or a Python dict, per line.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/record.h"

namespace elastic::data {

/// JSON, or Python's dict literals: {'a': u'b', "c": None, 'd': True, 'l': ['x', 1], 't': (1, 2)}.
enum class ObjectSyntax { kJson, kPython };

/// Reads the values of some keys from objects. Text is unescaped to UTF-8, a lone surrogate becomes
/// U+FFFD. A number is its digits as written, in the form of canonical_number(). true and false are
/// text, null is a missing value. Of equal keys the last one counts.
class ObjectReader {
 public:
  /// `keys`: dotted for keys of nested objects ("user.id"); a key that holds a dot itself is found,
  /// too. A key of a list of objects ("events.aid") gives a list with one entry per object, empty
  /// text if the object lacks it.
  ObjectReader(ObjectSyntax syntax, std::vector<std::string> keys);
  ~ObjectReader();
  ObjectReader(ObjectReader&& other) noexcept;
  ObjectReader& operator=(ObjectReader&& other) noexcept;

  /// Reads the object in `line` into `record`, one FieldValues per key. The views are valid until
  /// the next call. Returns "" or the problem; `record` is then unspecified. The whole line is
  /// checked. A value of null in a list is empty text; lists of lists and objects as values that
  /// are asked for, and more than 64 levels anywhere, are problems.
  std::string read(std::string_view line, Record& record);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A key of an object, dotted, with its values.
struct KeyValues {
  std::string key;
  std::vector<std::string> entries;  // none: null, or an empty list
  bool is_list = false;
};

/// The keys that an ObjectReader can read: those with text, a number, true, false, null, a list of
/// these, and such keys of nested objects and of lists of objects; in the order of the line. At
/// most the first 1000 keys, and the first 1000 entries of each. nullopt if `line` is not one
/// object.
std::optional<std::vector<KeyValues>> flatten_object(ObjectSyntax syntax, std::string_view line);

}  // namespace elastic::data
