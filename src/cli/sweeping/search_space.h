// The options that a sweep varies (`--set OPTION=VALUES`), and configurations drawn from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace elastic::cli {

/// One --set.
struct Dimension {
  enum class Kind { kList, kLog, kUniform, kInt };

  std::string key;   ///< of the option: learning_rate
  std::string text;  ///< the values as given: "64,128", "log:1e-4:1e-2"
  Kind kind = Kind::kList;
  std::vector<std::string> values;  ///< of a list, ranges expanded
  double low = 0.0;                 ///< of a distribution; both ends are included
  double high = 0.0;
};

/// A value for each dimension: (key, text of the value), in their order.
using Draw = std::vector<std::pair<std::string, std::string>>;

/// Parses "dim=64,128", "dim=64-256*2", "learning_rate=log:1e-4:1e-2", "dropout=uniform:0:0.5" or
/// "num_layers=int:1:4". The name may have the form of the flag. Throws UsageError that quotes the
/// text; names and values of options are the caller's to check.
Dimension parse_dimension(const std::string& text);

/// The values of a list such as "64,128", with ranges of whole numbers such as "64-256*2" expanded.
/// Throws UsageError that begins with `source` for an empty value or a range that is none.
std::vector<std::string> expanded_list(const std::string& source, const std::string& list);

/// Parses each of `texts`. Throws UsageError also if there is none, and for a repeated option.
std::vector<Dimension> parse_space(const std::vector<std::string>& texts);

/// True if every dimension is a list.
bool is_grid(const std::vector<Dimension>& space);

/// Every combination of the lists; the last dimension varies fastest. Throws UsageError for more
/// than 10000.
std::vector<Draw> all_combinations(const std::vector<Dimension>& space);

/// The combination number `index` of a random search: a function of the seed, the option and the
/// number alone. Real numbers have four significant digits.
Draw draw_combination(const std::vector<Dimension>& space, std::uint64_t seed, std::uint64_t index);

}  // namespace elastic::cli
