// A checksum of bytes: XXH3, 64 bits, in hexadecimal. It detects damage, not forgery.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace elastic {

class Checksum {
 public:
  /// Length of `hex()`.
  static constexpr std::size_t kDigits = 16;

  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(const void* data, std::size_t bytes);
  void add(std::string_view text) { add(text.data(), text.size()); }
  /// The checksum of all bytes added so far; more can be added afterwards.
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace elastic
