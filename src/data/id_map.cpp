#include "data/id_map.h"

// The header-only form needs no library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <limits>

#include "base/error.h"

namespace elastic::data {
namespace {

constexpr std::size_t kFirstSlots = 64;

std::uint32_t hash_of(std::string_view raw) {
  return static_cast<std::uint32_t>(XXH3_64bits(raw.data(), raw.size()));
}

}  // namespace

std::int32_t IdMap::add(std::string_view raw) {
  if (latest_ >= 0 && names_[static_cast<std::size_t>(latest_)] == raw) {
    return latest_;
  }
  if (2 * (names_.size() + 1) > slots_.size()) {
    grow();
  }
  const std::uint32_t hash = hash_of(raw);
  Slot& slot = slots_[slot_of(raw, hash)];
  if (slot.number < 0) {
    if (names_.size() + 1 >= std::size_t{std::numeric_limits<std::int32_t>::max()}) {
      throw DataError("data: more than 2147483646 different users or items");
    }
    slot = {hash, size()};
    names_.emplace_back(raw);
  }
  latest_ = slot.number;
  return latest_;
}

std::optional<std::int32_t> IdMap::find(std::string_view raw) const {
  if (slots_.empty()) {
    return std::nullopt;
  }
  const std::int32_t number = slots_[slot_of(raw, hash_of(raw))].number;
  return number < 0 ? std::nullopt : std::optional(number);
}

std::size_t IdMap::slot_of(std::string_view raw, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].number >= 0 &&
         (slots_[at].hash != hash || names_[static_cast<std::size_t>(slots_[at].number)] != raw)) {
    at = (at + 1) & mask;
  }
  return at;
}

void IdMap::grow() {
  std::vector<Slot> before(slots_.empty() ? kFirstSlots : 2 * slots_.size());
  before.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : before) {
    if (slot.number >= 0) {
      std::size_t at = slot.hash & mask;
      while (slots_[at].number >= 0) {
        at = (at + 1) & mask;
      }
      slots_[at] = slot;
    }
  }
}

}  // namespace elastic::data
