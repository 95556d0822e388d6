#include "train/items_file.h"

#include <algorithm>
#include <string_view>

#include "base/atomic_file.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/escaped_text.h"
#include "base/input_file.h"
#include "data/id_map.h"

namespace elastic::train {
namespace {

constexpr std::string_view kHeader = "id\traw_id\ttitle";

std::string text_of(std::span<const ItemName> items) {
  std::string text = concat(kHeader, "\n");
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += std::to_string(i + 1);
    text += '\t';
    text += escaped(items[i].raw_id);
    text += '\t';
    text += escaped(items[i].title);
    text += '\n';
  }
  return text;
}

std::string hash_of(std::string_view text) {
  Checksum checksum;
  checksum.add(text);
  return checksum.hex();
}

// Removes the first line from `text` and returns it without its line end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// Line 1 is the header.
std::size_t line_of(std::size_t index) {
  return index + 2;
}

ItemName parse_line(std::string_view line, std::size_t index, const std::string& path) {
  const std::size_t first = line.find('\t');
  const std::size_t second = first == line.npos ? line.npos : line.find('\t', first + 1);
  if (second == line.npos || line.substr(0, first) != std::to_string(index + 1)) {
    throw CheckpointError(path,
                          ":",
                          line_of(index),
                          ": expected item ",
                          index + 1,
                          ", its raw id and its title, separated by tabs");
  }
  return {unescaped(line.substr(first + 1, second - first - 1)),
          unescaped(line.substr(second + 1))};
}

void refuse_equal_ids(const std::vector<ItemName>& items, const std::string& path) {
  data::IdMap ids;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto first = static_cast<std::size_t>(ids.add(items[i].raw_id));
    if (first != i) {
      throw CheckpointError(path,
                            ":",
                            line_of(i),
                            ": the raw id '",
                            items[i].raw_id,
                            "' is that of line ",
                            line_of(first));
    }
  }
}

void check_hash(const std::string& content,
                const std::string& path,
                const std::string& expected_hash) {
  if (!expected_hash.empty() && hash_of(content) != expected_hash) {
    throw CheckpointError(path,
                          ": not the items of the model: its hash is ",
                          hash_of(content),
                          ", expected ",
                          expected_hash);
  }
}

}  // namespace

void write_items(const std::string& path, std::span<const ItemName> items) {
  write_file_atomically(path, text_of(items));
}

std::string hash_of_items(std::span<const ItemName> items) {
  return hash_of(text_of(items));
}

std::vector<ItemName> read_items(const std::string& path, const std::string& expected_hash) {
  const std::string content = read_whole_file(path);
  std::string_view text = content;
  if (take_line(text) != kHeader) {
    throw CheckpointError(path, ":1: expected the header of an item list (id, raw_id, title)");
  }
  std::vector<ItemName> items;
  while (!text.empty()) {
    items.push_back(parse_line(take_line(text), items.size(), path));
  }
  refuse_equal_ids(items, path);
  check_hash(content, path, expected_hash);
  return items;
}

void check_items(const std::string& path, const std::string& expected_hash) {
  check_hash(read_whole_file(path), path, expected_hash);
}

}  // namespace elastic::train
