// Collects the output of a decoder, within the limits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/text_limits.h"

namespace elastic::data {

/// Throws OutOfMemoryError naming the `file` if `bytes` of it are more than the limit.
void require_within(const TextLimits& limits, std::uint64_t bytes, const std::string& file);

class TextSink {
 public:
  /// `compressed_bytes` bounds what is reserved in advance.
  TextSink(std::string file, const TextLimits& limits, std::uint64_t compressed_bytes);

  /// Reserves memory for a text of `bytes`, by the word of the compressed stream.
  void expect(std::uint64_t bytes);
  /// Where the decoder writes next.
  std::vector<char>& buffer() { return buffer_; }
  /// Takes the first `count` bytes of the buffer. Throws OutOfMemoryError over the limit.
  void take(std::size_t count);
  void note(const std::string& text) { notes_.push_back(text); }

  [[nodiscard]] const TextLimits& limits() const { return limits_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  std::string& text() { return text_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  std::string file_;
  TextLimits limits_;
  std::uint64_t most_reserved_;
  std::vector<char> buffer_;
  std::string text_;
  std::vector<std::string> notes_;
};

}  // namespace elastic::data
