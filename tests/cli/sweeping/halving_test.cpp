#include "cli/sweeping/halving.h"

#include <doctest/doctest.h>

namespace elastic::cli {
namespace halving_test {

std::vector<std::pair<std::size_t, std::int64_t>> rungs(std::size_t configurations,
                                                        std::int64_t epochs) {
  std::vector<std::pair<std::size_t, std::int64_t>> pairs;
  for (const Rung& rung : plan_rungs(configurations, epochs)) {
    pairs.emplace_back(rung.configurations, rung.divisor);
  }
  return pairs;
}

using Pairs = std::vector<std::pair<std::size_t, std::int64_t>>;

TEST_CASE("halving: thirds of the configurations and of the epochs") {
  CHECK(rungs(27, 100) == Pairs{{27, 27}, {9, 9}, {3, 3}, {1, 1}});
  CHECK(rungs(10, 100) == Pairs{{10, 9}, {4, 3}, {2, 1}});
  CHECK(rungs(4, 100) == Pairs{{4, 3}, {2, 1}});
  CHECK(rungs(2, 100) == Pairs{{2, 1}});
  CHECK(rungs(27, 4) == Pairs{{27, 3}, {9, 1}});
  CHECK(rungs(27, 1) == Pairs{{27, 1}});
}

TEST_CASE("halving: the epochs of a rung end with an evaluation of an uninterrupted training") {
  CHECK(rung_epochs(100, 9, 1) == 12);
  CHECK(rung_epochs(100, 9, 5) == 15);
  CHECK(rung_epochs(100, 1, 7) == 100);
  CHECK(rung_epochs(10, 3, 20) == 10);
}

TEST_CASE("halving: the best scores continue, equal ones in their order, failed ones never") {
  CHECK(best_of({0.1, 0.3, std::nullopt, 0.3, 0.2}, 3) == std::vector<std::size_t>{1, 3, 4});
  CHECK(best_of({std::nullopt, 0.0}, 2) == std::vector<std::size_t>{1});
}

}  // namespace halving_test
}  // namespace elastic::cli
