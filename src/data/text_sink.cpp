#include "data/text_sink.h"

#include <algorithm>

#include "base/error.h"

namespace elastic::data {
namespace {

constexpr std::size_t kSinkBufferBytes = std::size_t{1} << 18;
// Logs are rarely compressed further; a stream that claims more is not believed.
constexpr std::uint64_t kLikelyRatio = 64;

}  // namespace

void require_within(const TextLimits& limits, std::uint64_t bytes, const std::string& file) {
  if (bytes > limits.most_bytes) {
    throw OutOfMemoryError("data: ",
                           file,
                           ": the text is longer than ",
                           limits.most_bytes,
                           " bytes (",
                           bytes,
                           " so far); --max-input-bytes raises the limit");
  }
}

TextSink::TextSink(std::string file, const TextLimits& limits, std::uint64_t compressed_bytes)
    : file_(std::move(file)),
      limits_(limits),
      most_reserved_(std::min(limits.most_bytes, kLikelyRatio * compressed_bytes)),
      buffer_(kSinkBufferBytes) {}

void TextSink::expect(std::uint64_t bytes) {
  text_.reserve(std::min(bytes, most_reserved_));
}

void TextSink::take(std::size_t count) {
  require_within(limits_, text_.size() + count, file_);
  text_.append(buffer_.data(), count);
}

}  // namespace elastic::data
