#include "data/text_limits.h"

#include <unistd.h>

#include <algorithm>

namespace elastic::data {

std::uint64_t half_of_memory(std::uint64_t least) {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) {
    return least;
  }
  return std::max(least,
                  static_cast<std::uint64_t>(pages) / 2 * static_cast<std::uint64_t>(page_bytes));
}

}  // namespace elastic::data
