// The bytes of any file: compressed, in any encoding, of a kind that is refused.
#include <algorithm>

#include "data/text_file.h"
#include "data/utf8.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elastic;
  fuzz::refused_at_most([&] {
    const data::TextLimits limits{.most_bytes = 1 << 20, .most_window_bytes = 1 << 24};
    const std::string text = data::decode_text(std::string(fuzz::text_of(data, size)), "-", limits);
    constexpr std::size_t kMostGrowth = 3;  // of a byte to a character in UTF-8
    if (!data::is_valid_utf8(text) || text.find("\r\n") != std::string::npos ||
        text.ends_with('\r') || text.size() > kMostGrowth * std::max(limits.most_bytes, size)) {
      std::abort();
    }
  });
  return 0;
}
