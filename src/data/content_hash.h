// A fingerprint of data: XXH3, 64 bits, in hexadecimal.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/checksum.h"

namespace elastic::data {

class ContentHash {
 public:
  /// Hashes the length too, so that "ab", "c" and "a", "bc" differ.
  void add(std::string_view text);
  template <class T>
  void add_values(std::span<const T> values) {
    static_assert(std::is_integral_v<T>);
    add(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
  }
  /// 16 hexadecimal digits.
  [[nodiscard]] std::string hex() const { return checksum_.hex(); }

 private:
  Checksum checksum_;
};

}  // namespace elastic::data
