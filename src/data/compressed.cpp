#include "data/compressed.h"

namespace elastic::data {
namespace {

constexpr Compression kGzip{"gzip", ".gz", decode_gzip};
constexpr Compression kBzip2{"bzip2", ".bz2", decode_bzip2};
constexpr Compression kXz{"xz", ".xz", decode_xz};
constexpr Compression kZstd{"zstd", ".zst", decode_zstd};

// After "BZh" and a digit, the six bytes of a block or of the end of an empty stream.
bool is_bzip2(std::string_view bytes) {
  constexpr std::size_t kBlock = 4;
  return bytes.size() > kBlock && bytes.starts_with("BZh") && bytes[3] >= '1' && bytes[3] <= '9' &&
         (bytes.substr(kBlock).starts_with("1AY&SY") ||
          bytes.substr(kBlock).starts_with("\x17\x72\x45\x38\x50\x90"));
}

// A frame of data, or one to be skipped, which parallel programs write first.
bool is_zstd(std::string_view bytes) {
  const bool skippable =
      bytes.size() >= 4 && (bytes[0] & 0xF0) == 0x50 && bytes.substr(1).starts_with("\x2a\x4d\x18");
  return skippable || bytes.starts_with("\x28\xb5\x2f\xfd");
}

}  // namespace

const Compression* compression_of(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x1f\x8b")) {
    return &kGzip;
  }
  if (bytes.starts_with("\xfd\x37\x7a\x58\x5a\x00"sv)) {
    return &kXz;
  }
  return is_bzip2(bytes) ? &kBzip2 : is_zstd(bytes) ? &kZstd : nullptr;
}

}  // namespace elastic::data
