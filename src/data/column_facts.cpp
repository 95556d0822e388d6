#include "data/column_facts.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"

namespace elastic::data {

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
  const auto& values = columns[at].values;
  return values.size() > 2 && contents[at].distinct == values.size() && data::counts_rows(values);
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
