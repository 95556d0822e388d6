// The difference between two groups of trainings, with users and seeds as random samples.
//
// Each group holds the same model trained from several seeds, evaluated on the same users. The
// value of group g, seed s, user u is modelled as
//
//   y[g,s,u] = mean[g] + user[u] + group_user[g,u] + seed[g,s] + noise[g,s,u]
//
// with independent random effects of mean zero, whose variances may differ between the groups. The
// difference of the two means over seeds and users then has the variance
//
//   (group_user variance of both) / N + sum over g of (seed variance of g) / S_g
//                                     + sum over g of (noise variance of g) / (S_g N)
//
// whose parts are estimated from three kinds of mean squares (a two-way random-effects analysis of
// variance):
//
//   users    the variance over users of the difference of the users' means over seeds, / N
//   seeds_g  the variance over seeds of the means over users, / S_g
//   noise_g  the variance of the residuals (seed by user), / (S_g N)
//
//   excess_g = seeds_g - noise_g, at least 0; variance = users + sum over g of excess_g
//
// The noise is in `users` and in `seeds_g`, therefore it is subtracted once. The interval is
//
//   difference +- sqrt(t(N - 1)^2 users + t(df)^2 sum over g of excess_g)
//
// with df = (sum of excess_g)^2 / sum of (excess_g^2 / (S_g - 1)) (Satterthwaite 1946) and t(df)
// the critical value of Student's t. Adding the squares of two half-widths (Banerjee 1960) keeps
// the coverage where the few seeds happen to agree. One t with Satterthwaite's degrees of freedom
// for the whole variance does not: it then takes the variance for that of users, which is well
// known.
#pragma once

#include <span>
#include <vector>

#include "eval/bootstrap.h"

namespace elastic::eval {

/// Values of each seed: [seeds][users].
using SeedValues = std::vector<std::vector<double>>;

/// The random effects that an interval covers.
enum class Covers {
  kNothing,        ///< fewer than two users: there is no interval
  kUsers,          ///< a group has a single seed
  kUsersAndSeeds,  ///< both groups have several seeds
};

struct Difference {
  double value = 0.0;      ///< mean of the group minus mean of the baseline
  Interval interval{};     ///< infinite with Covers::kNothing
  double p = 1.0;          ///< two-sided, of the hypothesis that the true difference is 0
  double std_error = 0.0;  ///< square root of the variance above
  double df = 0.0;         ///< of the seeds, or of the users if the variance has no excess
  Covers covers = Covers::kNothing;
};

/// `group` minus `baseline`, for the same users in the same order. With a single seed in a group
/// the variance is `users` alone: those of these trainings, not of other seeds.
Difference crossed_difference(const SeedValues& group,
                              const SeedValues& baseline,
                              double confidence = 0.95);

/// Mean, and standard deviation over the seeds of the mean over users; 0 for a single seed.
struct SeedSummary {
  double mean = 0.0;
  double deviation = 0.0;
};
SeedSummary summary_of(const SeedValues& values);

}  // namespace elastic::eval
