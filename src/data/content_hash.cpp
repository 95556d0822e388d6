#include "data/content_hash.h"

// Header-only, so that nothing has to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdint>
#include <cstdio>

#include "base/error.h"

namespace elastic::data {

struct ContentHash::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) {
  ELASTIC_CHECK(state_->xxh != nullptr && XXH3_64bits_reset(state_->xxh) == XXH_OK);
}

ContentHash::~ContentHash() = default;

void ContentHash::add(std::string_view text) {
  const std::uint64_t size = text.size();
  XXH3_64bits_update(state_->xxh, &size, sizeof size);
  if (size > 0) {
    XXH3_64bits_update(state_->xxh, text.data(), text.size());
  }
}

std::string ContentHash::hex() const {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(),
                digits.size(),
                "%016llx",
                static_cast<unsigned long long>(XXH3_64bits_digest(state_->xxh)));
  return digits.data();
}

}  // namespace elastic::data
