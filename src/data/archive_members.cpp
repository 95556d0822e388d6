#include "data/archive_members.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>

namespace elastic::data {
namespace {

// The little-endian number of `size` bytes at `at`; `at + size` is within `bytes`.
std::size_t zip_number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::size_t number = 0;
  for (std::size_t i = size; i > 0; --i) {
    number = (number << 8U) | static_cast<unsigned char>(bytes[at + i - 1]);
  }
  return number;
}

// The text of a fixed field, which a zero byte ends if it is shorter.
std::string_view tar_text(std::string_view bytes, std::size_t at, std::size_t size) {
  const std::string_view field = bytes.substr(at, size);
  return field.substr(0, field.find('\0'));
}

std::optional<std::size_t> tar_number(std::string_view field) {
  std::size_t number = 0;
  field = field.substr(std::min(field.find_first_not_of(' '), field.size()));
  field = field.substr(0, field.find_first_of(" \0"));
  for (const char c : field) {
    if (c < '0' || c > '7') {
      return std::nullopt;
    }
    number = number * 8 + static_cast<std::size_t>(c - '0');
  }
  return field.empty() ? std::nullopt : std::optional(number);
}

constexpr std::size_t kTarBlock = 512;
constexpr std::size_t kTarSum = 148;  // the checksum is a field of eight bytes, counted as blanks

}  // namespace

std::vector<std::string> zip_members(std::string_view bytes) {
  constexpr std::size_t kEndBytes = 22;
  constexpr std::size_t kEntryBytes = 46;
  const std::size_t end = bytes.rfind("PK\x05\x06");
  if (end == std::string_view::npos || end + kEndBytes > bytes.size()) {
    return {};
  }
  std::vector<std::string> names;
  for (std::size_t at = zip_number(bytes, end + 16, 4);
       at + kEntryBytes <= bytes.size() && bytes.substr(at).starts_with("PK\x01\x02");) {
    const std::size_t name_bytes = zip_number(bytes, at + 28, 2);
    const std::string_view name = bytes.substr(at + kEntryBytes, name_bytes);
    if (!name.empty() && name.back() != '/') {
      names.emplace_back(name);
    }
    at += kEntryBytes + name_bytes + zip_number(bytes, at + 30, 2) + zip_number(bytes, at + 32, 2);
  }
  return names;
}

bool is_tar(std::string_view bytes) {
  if (bytes.size() < kTarBlock || bytes[0] == '\0') {
    return false;
  }
  const std::optional<std::size_t> stated = tar_number(tar_text(bytes, kTarSum, 8));
  std::size_t sum = 8 * std::size_t{' '};
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    sum += i >= kTarSum && i < kTarSum + 8 ? 0 : static_cast<unsigned char>(bytes[i]);
  }
  return stated == sum;
}

std::vector<std::string> tar_members(std::string_view bytes) {
  constexpr std::size_t kSize = 124;
  constexpr std::size_t kType = 156;
  std::vector<std::string> names;
  while (is_tar(bytes)) {
    const char type = bytes[kType];
    if (type == '0' || type == '\0') {
      names.emplace_back(tar_text(bytes, 0, 100));
    }
    const std::size_t size = tar_number(tar_text(bytes, kSize, 12)).value_or(0);
    const std::size_t blocks = 1 + size / kTarBlock + (size % kTarBlock == 0 ? 0 : 1);
    if (blocks > bytes.size() / kTarBlock) {
      break;
    }
    bytes.remove_prefix(blocks * kTarBlock);
  }
  return names;
}

}  // namespace elastic::data
