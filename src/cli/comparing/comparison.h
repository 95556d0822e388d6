// A finished comparison of runs, and the words and marks that all forms of its output share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/comparing/run_groups.h"
#include "data/split.h"
#include "eval/group_comparison.h"
#include "eval/ranking_rules.h"

namespace elastic::cli {

struct Comparison {
  std::vector<RunGroup> groups;
  eval::GroupComparison values;  ///< of the groups, in their order
  data::Subset subset = data::Subset::kTest;
  std::string split;  ///< description of the rule
  std::string split_hash;
  std::int64_t users = 0;
  std::int64_t items = 0;
  eval::RankingRules rules{};
  std::string trained_on;  ///< if not only on training events: on which events

  [[nodiscard]] bool is_baseline(std::size_t group) const { return group == values.baseline; }
  /// The values of all users: [groups][metrics].
  [[nodiscard]] const std::vector<std::vector<eval::GroupMetric>>& all() const {
    return values.parts.front().values;
  }
};

/// The metric shown where there is room for one only: NDCG@10, or the first.
std::size_t main_metric(const Comparison& comparison);

/// The place of each group by a metric: 1 for the best; equal values share a place.
std::vector<std::size_t> places_of(const Comparison& comparison, std::size_t metric);

/// A p-value with four decimals; "<0.0001" for smaller ones.
std::string p_text(double p);

/// "users and seeds", "users", "": the random effects that an interval covers.
std::string words_of(eval::Covers covers);

/// Sentences about the numbers: the intervals and their limits, the adjustment and its family, the
/// data and the ranking.
std::vector<std::string> explanations_of(const Comparison& comparison);

/// The whole comparison in one form.
std::string to_table(const Comparison& comparison);
std::string to_markdown(const Comparison& comparison);
/// A table environment for the package booktabs.
std::string to_latex(const Comparison& comparison);
/// A line for each part of the users, group and metric; numbers with all their digits.
std::string to_csv(const Comparison& comparison);
/// Version of the JSON format; increases when a key is removed or changes its meaning.
inline constexpr int kComparisonSchemaVersion = 1;
nlohmann::ordered_json to_json(const Comparison& comparison);
/// A self-contained page with curves, intervals and tables.
std::string to_page(const Comparison& comparison);

}  // namespace elastic::cli
