// Simulated groups of trainings with known effects, and the share of intervals that cover the
// truth.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "eval/crossed_difference.h"

namespace elastic::eval {

/// The values of a user that the effects add up to.
enum class Values {
  kNormal,  ///< their sum
  kHits,    ///< 0 or 1: whether 0.1 + their sum, without noise, exceeds a uniform number
  kGains,   ///< of a hit, 1 / log2(1 + rank) with a rank of 1 to 10; else 0
};

/// Standard deviations of the random effects; those of a pair are of group and baseline.
struct Effects {
  const char* name = "";
  double user = 0.3;
  double group_user = 0.15;
  std::array<double, 2> seed{0.0, 0.0};
  double noise = 0.2;  ///< of a user with a seed
  Values values = Values::kNormal;
};

struct Coverage {
  double of_interval = 0.0;  ///< share of the 95 % intervals that contain the true difference
  double of_users = 0.0;     ///< the same for intervals that ignore the seeds
  double mean_width = 0.0;
};

inline double drawn_value(const Effects& effects, double sum, RandomStream& random) {
  if (effects.values == Values::kNormal) {
    return sum + effects.noise * random.normal();
  }
  if (0.1 + sum <= random.uniform()) {
    return 0.0;
  }
  return effects.values == Values::kHits
             ? 1.0
             : 1.0 / std::log2(2.0 + std::floor(10.0 * random.uniform()));
}

/// The two groups of one simulated study; the true difference of their means is 0.
inline std::array<SeedValues, 2> simulated_groups(const Effects& effects,
                                                  std::size_t seeds,
                                                  std::size_t users,
                                                  std::uint64_t study) {
  RandomStream random(20, RandomPurpose::kShuffle, study);
  std::array<SeedValues, 2> groups;
  std::vector<double> easy(users);
  for (double& value : easy) {
    value = effects.user * random.normal();
  }
  for (std::size_t g = 0; g < 2; ++g) {
    std::vector<double> mean = easy;
    for (double& value : mean) {
      value += effects.group_user * random.normal();
    }
    for (std::size_t s = 0; s < seeds; ++s) {
      const double shift = effects.seed[g] * random.normal();
      std::vector<double>& values = groups[g].emplace_back(users);
      for (std::size_t u = 0; u < users; ++u) {
        values[u] = drawn_value(effects, mean[u] + shift, random);
      }
    }
  }
  return groups;
}

inline Coverage coverage_of(const Effects& effects,
                            std::size_t seeds,
                            std::size_t users,
                            std::size_t studies) {
  Coverage coverage;
  for (std::size_t study = 0; study < studies; ++study) {
    const auto groups = simulated_groups(effects, seeds, users, study);
    const Difference difference = crossed_difference(groups[0], groups[1]);
    const Interval& interval = difference.interval;
    coverage.of_interval += interval.low <= 0.0 && 0.0 <= interval.high ? 1.0 : 0.0;
    coverage.mean_width += interval.high - interval.low;
    // The means over seeds as if they were the values of single seeds.
    SeedValues first(1, std::vector<double>(users));
    SeedValues second = first;
    for (std::size_t s = 0; s < seeds; ++s) {
      for (std::size_t u = 0; u < users; ++u) {
        first[0][u] += groups[0][s][u] / static_cast<double>(seeds);
        second[0][u] += groups[1][s][u] / static_cast<double>(seeds);
      }
    }
    const Interval plain = crossed_difference(first, second).interval;
    coverage.of_users += plain.low <= 0.0 && 0.0 <= plain.high ? 1.0 : 0.0;
  }
  const auto count = static_cast<double>(studies);
  return {coverage.of_interval / count, coverage.of_users / count, coverage.mean_width / count};
}

}  // namespace elastic::eval
