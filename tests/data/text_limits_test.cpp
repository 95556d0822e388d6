#include "data/text_limits.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace elastic::data {
namespace {

TEST_CASE("text limits: half of the memory, or the least") {
  const auto memory = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                      static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  CHECK(half_of_memory(0) > memory / 2 - (1U << 20));
  CHECK(half_of_memory(0) <= memory / 2);
  CHECK(half_of_memory(memory) == memory);
  CHECK(half_of_memory(1) == half_of_memory(0));
}

}  // namespace
}  // namespace elastic::data
