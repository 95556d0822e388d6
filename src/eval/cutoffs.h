// The values of k of the metrics in reports.
#pragma once

#include <string>
#include <vector>

namespace elastic::eval {

/// Ascending values of k, at most kMax. 10 is always among them: groups of users are compared
/// at 10.
class Cutoffs {
 public:
  static constexpr int kMax = 1000;

  Cutoffs() = default;  ///< 1, 5, 10, 20, 50

  /// As the user writes them: "3,10,100", in any order. Throws UsageError naming `source`.
  static Cutoffs parse(const std::string& text, const std::string& source);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::vector<int>& values() const { return values_; }
  /// These values and `k`.
  [[nodiscard]] Cutoffs with(int k) const;
  bool operator==(const Cutoffs&) const = default;

 private:
  std::vector<int> values_{1, 5, 10, 20, 50};
};

}  // namespace elastic::eval
