#include "eval/user_sample.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace elastic::eval {

std::vector<std::int32_t> sample_users(std::vector<std::int32_t> users,
                                       std::int64_t count,
                                       std::uint64_t seed) {
  if (count <= 0 || count >= std::ssize(users)) {
    return users;
  }
  const auto drawn = static_cast<std::size_t>(count);
  RandomStream random(seed, RandomPurpose::kEvalUsers, 0);
  for (std::size_t i = 0; i < drawn; ++i) {  // the first steps of a shuffle
    std::swap(users[i], users[i + random.below(users.size() - i)]);
  }
  users.resize(drawn);
  std::sort(users.begin(), users.end());
  return users;
}

}  // namespace elastic::eval
