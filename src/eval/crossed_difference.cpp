#include "eval/crossed_difference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

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

  // Its term in Satterthwaite's denominator.
  [[nodiscard]] double uncertainty() const { return variance * variance / df; }
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

Part noise_part(const SeedValues& values, const GroupMeans& means) {
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
  const double df = (seeds - 1.0) * (users - 1.0);
  return {sum / df / (seeds * users), df};
}

// Fills in the interval and the p-value from value, standard error and degrees of freedom.
void add_inference(Difference& difference, double confidence) {
  if (difference.std_error == 0.0) {  // all users differ by the same amount
    difference.interval = {difference.value, difference.value};
    difference.p = difference.value == 0.0 ? 1.0 : 0.0;
    return;
  }
  const double half = critical_t(1.0 - confidence, difference.df) * difference.std_error;
  difference.interval = {difference.value - half, difference.value + half};
  difference.p = two_sided_p(difference.value / difference.std_error, difference.df);
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
  double variance = users.variance;
  double uncertainty = users.uncertainty();
  difference.covers = Covers::kUsers;
  if (group.size() > 1 && baseline.size() > 1) {
    difference.covers = Covers::kUsersAndSeeds;
    for (const auto& [values, means] : {std::pair(&group, &ours), std::pair(&baseline, &theirs)}) {
      const Part seeds = seeds_part(*means);
      const Part noise = noise_part(*values, *means);
      variance += seeds.variance - noise.variance;
      uncertainty += seeds.uncertainty() + noise.uncertainty();
    }
    variance = std::max(variance, users.variance);
  }
  difference.std_error = std::sqrt(variance);
  const bool has_seeds = difference.covers == Covers::kUsersAndSeeds && uncertainty > 0.0;
  difference.df = has_seeds ? std::max(1.0, variance * variance / uncertainty) : n - 1.0;
  add_inference(difference, confidence);
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
