// items.tsv of a run: what the model's item ids stand for.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace elastic::train {

/// The file's name in the run directory.
inline constexpr const char* kItemsFile = "items.tsv";

/// An item's names: index i of a list is the item of internal id i + 1.
struct ItemName {
  std::string raw_id;
  std::string title;  ///< may be empty
  bool operator==(const ItemName&) const = default;
};

/// A name as it stands in the file: see write_items.
std::string escaped(const std::string& name);

/// A header line, then internal id, raw id and title of each item, separated by tabs; tabs, line
/// breaks and backslashes within a name are written \t, \n, \r and \\. Atomic.
void write_items(const std::string& path, std::span<const ItemName> items);

/// Throws CheckpointError naming file and line.
std::vector<ItemName> read_items(const std::string& path);

}  // namespace elastic::train
