#include "data/content_hash.h"

#include <cstdint>

namespace elastic::data {

void ContentHash::add(std::string_view text) {
  const std::uint64_t size = text.size();
  checksum_.add(&size, sizeof size);
  checksum_.add(text);
}

}  // namespace elastic::data
