// A sample of the users to evaluate.
#pragma once

#include <cstdint>
#include <vector>

namespace elastic::eval {

/// `count` of `users`, drawn without replacement, in their order; all of them if `count` is 0 or
/// there are no more. The same seed and users give the same sample.
std::vector<std::int32_t> sample_users(std::vector<std::int32_t> users,
                                       std::int64_t count,
                                       std::uint64_t seed);

}  // namespace elastic::eval
