#include "eval/crossed_difference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/error.h"
#include "eval/student_t.h"

namespace elastic::eval {
namespace {

double mean_of(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) {
    sum += value;
  }
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

// The sum of squared deviations from the mean.
double squares_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0.0;
  for (const double value : values) {
    sum += (value - mean) * (value - mean);
  }
  return sum;
}

// A mean square as part of the variance of the difference.
struct Part {
  double variance = 0.0;
  double df = 1.0;
};

struct GroupMeans {
  std::vector<double> by_seed;
  std::vector<double> by_user;
};

GroupMeans means_of(const SeedValues& values) {
  GroupMeans means;
  means.by_user.assign(values.front().size(), 0.0);
  for (const std::vector<double>& seed : values) {
    ELASTIC_CHECK(seed.size() == means.by_user.size(), "the seeds rank different users");
    means.by_seed.push_back(mean_of(seed));
    for (std::size_t user = 0; user < seed.size(); ++user) {
      means.by_user[user] += seed[user] / static_cast<double>(values.size());
    }
  }
  return means;
}

Part seeds_part(const GroupMeans& means) {
  const auto seeds = static_cast<double>(means.by_seed.size());
  return {squares_of(means.by_seed) / (seeds - 1.0) / seeds, seeds - 1.0};
}

double noise_variance(const SeedValues& values, const GroupMeans& means) {
  const auto seeds = static_cast<double>(values.size());
  const auto users = static_cast<double>(means.by_user.size());
  const double mean = mean_of(means.by_user);
  double sum = 0.0;
  for (std::size_t s = 0; s < values.size(); ++s) {
    for (std::size_t u = 0; u < means.by_user.size(); ++u) {
      const double residual = values[s][u] - means.by_seed[s] - means.by_user[u] + mean;
      sum += residual * residual;
    }
  }
  return sum / ((seeds - 1.0) * (users - 1.0)) / (seeds * users);
}

// The excess of both groups' seeds over noise, with Satterthwaite's degrees of freedom.
Part excess_part(const std::array<Part, 2>& excess) {
  Part sum{0.0, 1.0};
  double uncertainty = 0.0;
  for (const Part& one : excess) {
    sum.variance += one.variance;
    uncertainty += one.variance * one.variance / one.df;
  }
  if (uncertainty > 0.0) {
    sum.df = sum.variance * sum.variance / uncertainty;
  }
  return sum;
}

// Half the width of the interval with error rate p.
double half_width(const Part& users, const Part& seeds, double p) {
  const auto of = [p](const Part& part) {
    return part.variance > 0.0 ? critical_t(p, part.df) * std::sqrt(part.variance) : 0.0;
  };
  return std::hypot(of(users), of(seeds));
}

// The p with half_width(p) = |value|, which lies between those of one t with the degrees of freedom
// of either part.
double p_value(double value, const Part& users, const Part& seeds) {
  constexpr double kLeast = 1e-300;  // critical_t needs a positive p
  constexpr int kSteps = 32;         // to 8 digits
  const double t = value / std::sqrt(users.variance + seeds.variance);
  const double p_of_users = two_sided_p(t, users.df);
  if (seeds.variance == 0.0) {
    return p_of_users;
  }
  const auto [low, high] = std::minmax({p_of_users, two_sided_p(t, seeds.df)});
  if (high <= kLeast || high > 1.0 - 1e-9) {
    return high;
  }
  double log_low = std::log(std::max(low, kLeast));
  double log_high = std::log(high);
  for (int step = 0; step < kSteps; ++step) {
    const double middle = (log_low + log_high) / 2.0;
    const bool wide = half_width(users, seeds, std::exp(middle)) > std::fabs(value);
    (wide ? log_low : log_high) = middle;
  }
  return std::exp((log_low + log_high) / 2.0);
}

// Fills in all but the value.
void add_inference(Difference& difference,
                   const Part& users,
                   const Part& seeds,
                   double confidence) {
  difference.std_error = std::sqrt(users.variance + seeds.variance);
  difference.df = seeds.variance > 0.0 ? seeds.df : users.df;
  if (difference.std_error == 0.0) {  // all users differ by the same amount
    difference.interval = {difference.value, difference.value};
    difference.p = difference.value == 0.0 ? 1.0 : 0.0;
    return;
  }
  const double half = half_width(users, seeds, 1.0 - confidence);
  difference.interval = {difference.value - half, difference.value + half};
  difference.p = p_value(difference.value, users, seeds);
}

}  // namespace

Difference crossed_difference(const SeedValues& group,
                              const SeedValues& baseline,
                              double confidence) {
  ELASTIC_CHECK(!group.empty() && !baseline.empty(), "a group without seeds");
  const GroupMeans ours = means_of(group);
  const GroupMeans theirs = means_of(baseline);
  const std::size_t num_users = ours.by_user.size();
  ELASTIC_CHECK(num_users == theirs.by_user.size(), "the groups rank different users");
  std::vector<double> by_user(num_users);
  for (std::size_t u = 0; u < num_users; ++u) {
    by_user[u] = ours.by_user[u] - theirs.by_user[u];
  }
  Difference difference;
  difference.value = mean_of(by_user);
  if (num_users < 2) {
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    difference.interval = {-kInfinite, kInfinite};
    return difference;
  }
  const auto n = static_cast<double>(num_users);
  const Part users{squares_of(by_user) / (n - 1.0) / n, n - 1.0};
  Part seeds;
  difference.covers = Covers::kUsers;
  if (group.size() > 1 && baseline.size() > 1) {
    difference.covers = Covers::kUsersAndSeeds;
    const auto excess = [](const SeedValues& values, const GroupMeans& means) {
      Part part = seeds_part(means);
      part.variance = std::max(0.0, part.variance - noise_variance(values, means));
      return part;
    };
    seeds = excess_part({excess(group, ours), excess(baseline, theirs)});
  }
  add_inference(difference, users, seeds, confidence);
  return difference;
}

SeedSummary summary_of(const SeedValues& values) {
  ELASTIC_CHECK(!values.empty(), "a group without seeds");
  const GroupMeans means = means_of(values);
  const auto seeds = static_cast<double>(values.size());
  return {mean_of(means.by_seed),
          seeds < 2.0 ? 0.0 : std::sqrt(squares_of(means.by_seed) / (seeds - 1.0))};
}

}  // namespace elastic::eval
