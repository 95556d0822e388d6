#include "base/checksum.h"

// The header-only form needs no library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdio>

#include "base/error.h"

namespace elastic {

struct Checksum::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  ELASTIC_CHECK(state_->xxh != nullptr && XXH3_64bits_reset(state_->xxh) == XXH_OK);
}

Checksum::~Checksum() = default;

void Checksum::add(const void* data, std::size_t bytes) {
  if (bytes > 0) {
    XXH3_64bits_update(state_->xxh, data, bytes);
  }
}

std::string Checksum::hex() const {
  std::array<char, kDigits + 1> digits{};
  std::snprintf(digits.data(),
                digits.size(),
                "%016llx",
                static_cast<unsigned long long>(XXH3_64bits_digest(state_->xxh)));
  return digits.data();
}

}  // namespace elastic
