#include "eval/user_sample.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

namespace elastic::eval::user_sample_test {
namespace {

std::vector<std::int32_t> users_to(std::int32_t end) {
  std::vector<std::int32_t> users(static_cast<std::size_t>(end));
  std::iota(users.begin(), users.end(), 0);
  return users;
}

TEST_CASE("user sample: all users if no fewer are asked for") {
  CHECK(sample_users(users_to(5), 0, 1) == users_to(5));
  CHECK(sample_users(users_to(5), 5, 1) == users_to(5));
  CHECK(sample_users(users_to(5), 6, 1) == users_to(5));
  CHECK(sample_users({}, 3, 1).empty());
}

TEST_CASE("user sample: different users in their order, the same for the same seed") {
  const auto sample = sample_users(users_to(1000), 100, 7);
  REQUIRE(sample.size() == 100);
  CHECK(std::is_sorted(sample.begin(), sample.end()));
  CHECK(std::adjacent_find(sample.begin(), sample.end()) == sample.end());
  CHECK(sample == sample_users(users_to(1000), 100, 7));
  CHECK(sample != sample_users(users_to(1000), 100, 8));
}

TEST_CASE("user sample: every user is drawn equally often") {
  constexpr int kDraws = 3000;
  std::vector<int> counts(10);
  for (int seed = 0; seed < kDraws; ++seed) {
    for (const std::int32_t user :
         sample_users(users_to(10), 3, static_cast<std::uint64_t>(seed))) {
      ++counts[static_cast<std::size_t>(user)];
    }
  }
  for (const int count : counts) {  // 900 expected, standard deviation 25
    CHECK(count > 800);
    CHECK(count < 1000);
  }
}

}  // namespace
}  // namespace elastic::eval::user_sample_test
