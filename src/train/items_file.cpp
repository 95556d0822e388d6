#include "train/items_file.h"

#include <array>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::string_view kHeader = "id\traw_id\ttitle";

constexpr std::array<std::pair<char, char>, 4> kEscapes{
    {{'\t', 't'}, {'\n', 'n'}, {'\r', 'r'}, {'\\', '\\'}}};

std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      const char code = text[++i];
      for (const auto& [plain, letter] : kEscapes) {
        c = code == letter ? plain : c;
      }
    }
    result += c;
  }
  return result;
}

}  // namespace

std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) {
    char code = 0;
    for (const auto& [plain, letter] : kEscapes) {
      code = c == plain ? letter : code;
    }
    if (code != 0) {
      out += '\\';
    }
    out += code != 0 ? code : c;
  }
  return out;
}

void write_items(const std::string& path, std::span<const ItemName> items) {
  std::string text = concat(kHeader, "\n");
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += std::to_string(i + 1);
    text += '\t';
    text += escaped(items[i].raw_id);
    text += '\t';
    text += escaped(items[i].title);
    text += '\n';
  }
  write_file_atomically(path, text);
}

std::vector<ItemName> read_items(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw CheckpointError(path, ": no such file, or not readable");
  }
  std::string line;
  if (!std::getline(file, line) || line != kHeader) {
    throw CheckpointError(path, ":1: expected the header of an item list (id, raw_id, title)");
  }
  std::vector<ItemName> items;
  while (std::getline(file, line)) {
    const std::string_view view = line;
    const std::size_t first = view.find('\t');
    const std::size_t second = first == view.npos ? view.npos : view.find('\t', first + 1);
    if (second == view.npos || view.substr(0, first) != std::to_string(items.size() + 1)) {
      throw CheckpointError(path,
                            ":",
                            items.size() + 2,
                            ": expected item ",
                            items.size() + 1,
                            ", its raw id and its title, separated by tabs");
    }
    items.push_back(
        {unescape(view.substr(first + 1, second - first - 1)), unescape(view.substr(second + 1))});
  }
  return items;
}

}  // namespace elastic::train
