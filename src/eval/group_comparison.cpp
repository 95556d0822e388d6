#include "eval/group_comparison.h"

#include <numeric>
#include <utility>

#include "base/error.h"
#include "eval/history_buckets.h"
#include "eval/holm.h"
#include "eval/item_popularity.h"

namespace elastic::eval {
namespace {

SeedValues seed_values(const RankedGroup& group,
                       const UserMetric& metric,
                       std::span<const std::size_t> users) {
  SeedValues values;
  for (const std::vector<std::int32_t>& ranks : group.ranks) {
    values.push_back(values_of(metric, ranks, users));
  }
  return values;
}

// The users with `belongs`; kept only if there are any.
template <class Belongs>
void add_part(std::string kind,
              std::string label,
              std::size_t num_users,
              const Belongs& belongs,
              std::vector<UserPart>& parts) {
  UserPart part{std::move(kind), std::move(label), {}};
  for (std::size_t user = 0; user < num_users; ++user) {
    if (belongs(user)) {
      part.users.push_back(user);
    }
  }
  if (!part.users.empty()) {
    parts.push_back(std::move(part));
  }
}

PartComparison compare_part(const std::vector<RankedGroup>& groups,
                            std::size_t baseline,
                            const std::vector<UserMetric>& metrics,
                            const UserPart& part) {
  PartComparison comparison{part, std::vector<std::vector<GroupMetric>>(groups.size())};
  for (const UserMetric& metric : metrics) {
    const SeedValues reference = seed_values(groups[baseline], metric, part.users);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const SeedValues values = seed_values(groups[g], metric, part.users);
      GroupMetric& result = comparison.values[g].emplace_back();
      result.summary = summary_of(values);
      if (g != baseline) {
        result.difference = crossed_difference(values, reference, GroupComparison::kConfidence);
      }
    }
  }
  return comparison;
}

// Gives the differences of single seeds the intervals that `eval --against` reports.
void resample_single_seeds(const std::vector<RankedGroup>& groups, GroupComparison& comparison) {
  const RankedGroup& reference = groups[comparison.baseline];
  PartComparison& all = comparison.parts.front();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (g == comparison.baseline || groups[g].ranks.size() > 1 || reference.ranks.size() > 1 ||
        all.part.users.size() < 2) {
      continue;
    }
    const std::vector<Interval> intervals =
        difference_intervals(groups[g].ranks.front(),
                             reference.ranks.front(),
                             {.seed = groups[g].bootstrap_seed,
                              .confidence = GroupComparison::kConfidence,
                              .metrics = comparison.metrics});
    for (std::size_t m = 0; m < comparison.metrics.size(); ++m) {
      all.values[g][m].difference.interval = intervals[m];
    }
  }
}

// Adjusts the p-values of all users: the family is every group but the baseline with every metric.
void adjust(GroupComparison& comparison) {
  std::vector<GroupMetric*> family;
  std::vector<double> p_values;
  PartComparison& all = comparison.parts.front();
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    for (GroupMetric& metric : all.values[g]) {
      if (g != comparison.baseline) {
        family.push_back(&metric);
        p_values.push_back(metric.difference.p);
      }
    }
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t i = 0; i < family.size(); ++i) {
    family[i]->p_adjusted = adjusted[i];
    family[i]->significant = adjusted[i] < 1.0 - GroupComparison::kConfidence;
  }
  comparison.family = family.size();
}

}  // namespace

std::vector<UserPart> user_parts(const Ranking& ranking,
                                 std::span<const std::int64_t> item_counts) {
  const std::size_t num_users = ranking.users.size();
  std::vector<UserPart> parts{{"all", "", std::vector<std::size_t>(num_users)}};
  std::iota(parts.front().users.begin(), parts.front().users.end(), std::size_t{0});
  for (const LengthRange& range : kHistoryBuckets) {
    add_part(
        "history",
        range.to == 0 ? concat(range.from, " or more") : concat(range.from, "-", range.to),
        num_users,
        [&](std::size_t user) { return range.contains(ranking.history_lengths[user]); },
        parts);
  }
  const PopularityGroups popularity(item_counts);
  for (const PopularityGroup group : kPopularityGroups) {
    add_part(
        "popularity",
        name_of(group),
        num_users,
        [&](std::size_t user) {
          const auto item = static_cast<std::size_t>(ranking.targets[user]);
          return popularity.group_of(item_counts[item]) == group;
        },
        parts);
  }
  return parts;
}

GroupComparison compare_groups(const std::vector<RankedGroup>& groups,
                               std::size_t baseline,
                               const std::vector<UserMetric>& metrics,
                               const std::vector<UserPart>& parts) {
  ELASTIC_CHECK(baseline < groups.size(), "no group ", baseline);
  ELASTIC_CHECK(!parts.empty() && parts.front().kind == "all", "the first part holds all users");
  GroupComparison comparison;
  comparison.metrics = metrics;
  comparison.baseline = baseline;
  for (const RankedGroup& group : groups) {
    comparison.groups.push_back(group.name);
    comparison.seeds.push_back(group.ranks.size());
  }
  for (const UserPart& part : parts) {
    comparison.parts.push_back(compare_part(groups, baseline, metrics, part));
  }
  resample_single_seeds(groups, comparison);
  adjust(comparison);
  return comparison;
}

}  // namespace elastic::eval
