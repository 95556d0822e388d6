#include "data/column_facts.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"

namespace elastic::data {

std::string shown(const std::vector<ColumnSample>& columns, std::size_t at) {
  return columns[at].name.empty() ? concat("column ", at + 1)
                                  : concat("'", columns[at].name, "' (column ", at + 1, ")");
}

std::string names_of(const std::vector<ColumnSample>& columns) {
  constexpr std::size_t kMost = 20;
  std::string names;
  for (std::size_t i = 0; i < std::min(columns.size(), kMost); ++i) {
    names += concat(i == 0 ? "" : ", ",
                    columns[i].name.empty() ? std::to_string(i + 1) : columns[i].name);
  }
  return columns.size() > kMost ? concat(names, ", ... (", columns.size(), " columns)") : names;
}

ColumnFacts::ColumnFacts(const std::vector<ColumnSample>& sampled) : columns(sampled) {
  has_names = std::any_of(sampled.begin(), sampled.end(), [](const ColumnSample& column) {
    return !column.name.empty();
  });
  for (const ColumnSample& column : sampled) {
    meanings.push_back(has_names ? meaning_of(column.name) : NameMeaning{});
    contents.push_back(content_of(column.values));
    named = named || meanings.back().user || meanings.back().item;
  }
}

std::string ColumnFacts::shown(std::size_t at) const {
  return data::shown(columns, at);
}

std::string ColumnFacts::argument(std::size_t at) const {
  const std::string& name = columns[at].name;
  const bool plain = !name.empty() && name.find_first_of(" \t'\"$&|<>;()*?") == std::string::npos;
  return plain ? name : std::to_string(at + 1);
}

std::string ColumnFacts::names() const {
  return names_of(columns);
}

bool ColumnFacts::counts_rows(std::size_t at) const {
  constexpr std::size_t kEnough = 20;  // the sample of a long file has gaps
  const auto& values = columns[at].values;
  for (std::size_t i = 0; i < std::min(values.size(), kEnough); ++i) {
    if (values[i] != std::to_string(i + 1) && values[i] != std::to_string(i)) {
      return false;
    }
  }
  return values.size() > 2 && contents[at].distinct == values.size();
}

bool ColumnFacts::determines(std::size_t from, std::size_t to) const {
  constexpr std::size_t kFewestRepeats = 5;
  const auto& keys = columns[from].values;
  const auto& values = columns[to].values;
  std::unordered_map<std::string_view, std::string_view> first;
  std::size_t repeats = 0;
  std::size_t conflicts = 0;
  for (std::size_t i = 0; i < std::min(keys.size(), values.size()); ++i) {
    const auto [known, is_new] = first.emplace(keys[i], values[i]);
    repeats += is_new ? 0 : 1;
    conflicts += !is_new && known->second != values[i] ? 1 : 0;
  }
  return repeats >= std::max(kFewestRepeats, keys.size() / 20) && 50 * conflicts <= repeats;
}

}  // namespace elastic::data
