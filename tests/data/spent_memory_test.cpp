#include "data/spent_memory.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace elastic::data {
namespace spent_memory_test {
namespace {

// The number of pages of [begin, end), both at pages, that are in memory.
std::size_t resident(char* begin, char* end) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages(static_cast<std::size_t>(end - begin) / page);
  REQUIRE(::mincore(begin, static_cast<std::size_t>(end - begin), pages.data()) == 0);
  return static_cast<std::size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1) != 0; }));
}

TEST_CASE("spent memory: pages that were read are given back, the others keep their content") {
  constexpr std::size_t kBytes = std::size_t{16} << 20;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<char> buffer(kBytes, 'x');
  char* const first =
      buffer.data() + (page - reinterpret_cast<std::uintptr_t>(buffer.data()) % page);
  char* const middle = first + kBytes / 2 / page * page;
  SpentMemory spent(buffer.data() + 1);
  for (const char* read = buffer.data() + 1; read < middle + 7; read += 1000) {
    spent.spend_before(read);
  }
  spent.spend_before(middle + 7);
  CHECK(resident(first, middle) == 0);
  CHECK(std::count(middle, buffer.data() + kBytes, 'x') == buffer.data() + kBytes - middle);
  CHECK(buffer.front() == 'x');
}

}  // namespace
}  // namespace spent_memory_test
}  // namespace elastic::data
