// Conditions on the values of a column: which events of a log to keep.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// "behavior=buy,cart", "behavior!=pv", "watched>=50".
class KeepRule {
 public:
  /// Throws UsageError naming --keep.
  static KeepRule parse(const std::string& text);

  /// The column's name, number or key.
  [[nodiscard]] const std::string& column() const { return column_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  /// True if the value satisfies the condition. Comparisons of a value that is not a number fail.
  [[nodiscard]] bool keeps(std::string_view value) const;

  bool operator==(const KeepRule&) const = default;

 private:
  enum class Comparison { kAmong, kNotAmong, kLess, kLessEqual, kGreater, kGreaterEqual };

  std::string text_;
  std::string column_;
  Comparison comparison_ = Comparison::kAmong;
  std::vector<std::string> values_;
  double bound_ = 0.0;
};

}  // namespace elastic::data
