#include "data/spent_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace elastic::data {
namespace {

constexpr std::size_t kStretch = std::size_t{4} << 20;  // bytes given back at once, at least

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

SpentMemory::SpentMemory(const void* begin)
    : begin_((reinterpret_cast<std::uintptr_t>(begin) + page_bytes() - 1) / page_bytes() *
             page_bytes()) {}

void SpentMemory::spend_before(const void* end) {
  const std::size_t whole = reinterpret_cast<std::uintptr_t>(end) / page_bytes() * page_bytes();
  if (whole >= begin_ + kStretch) {
    ::madvise(reinterpret_cast<void*>(begin_), whole - begin_, MADV_DONTNEED);  // a hint
    begin_ = whole;
  }
}

}  // namespace elastic::data
