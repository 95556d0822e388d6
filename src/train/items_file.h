// items.tsv of a run: raw ids and titles of the model's items.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace elastic::train {

/// The file's name in the run directory.
inline constexpr const char* kItemsFile = "items.tsv";

/// Raw id and title of an item. Lists of them are indexed by internal id minus 1.
struct ItemName {
  std::string raw_id;
  std::string title;  ///< may be empty
  bool operator==(const ItemName&) const = default;
};

/// Writes a header line, then internal id, raw id and title of each item, separated by tabs and
/// escaped(). The file is replaced atomically.
void write_items(const std::string& path, std::span<const ItemName> items);

/// Hash of the content that write_items writes.
std::string hash_of_items(std::span<const ItemName> items);

/// Reads such a file. Throws CheckpointError naming file and line, also if two items have the same
/// raw id, or if the file has another hash than `expected_hash` ("": not checked).
std::vector<ItemName> read_items(const std::string& path, const std::string& expected_hash = "");

/// Throws CheckpointError if the file cannot be read or has another hash, as read_items does.
void check_items(const std::string& path, const std::string& expected_hash);

}  // namespace elastic::train
