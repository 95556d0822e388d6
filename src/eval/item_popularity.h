// How often items were seen in training: groups of popular and rare ones, and what lists show.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/split.h"

namespace elastic::eval {

/// How often each item occurs in the training events of all users: [V + 1], index 0 unused.
std::vector<std::int64_t> training_counts(const data::Split& split);

/// Items by their share of the training events: the most popular ones that hold a third of the
/// events, those that hold the next third, the rest, and those without any.
enum class PopularityGroup { kHead, kMid, kTail, kCold };
inline constexpr std::array<PopularityGroup, 4> kPopularityGroups{
    PopularityGroup::kHead, PopularityGroup::kMid, PopularityGroup::kTail, PopularityGroup::kCold};
/// "head", "mid", "tail", "cold".
const char* name_of(PopularityGroup group);

/// Where the groups lie. Items with equally many events are in one group: in descending order of
/// events, all of them go where the first of them falls.
class PopularityGroups {
 public:
  /// `counts` [V + 1] as of training_counts.
  explicit PopularityGroups(std::span<const std::int64_t> counts);

  [[nodiscard]] PopularityGroup group_of(std::int64_t count) const;
  /// The fewest events of an item in the group.
  [[nodiscard]] std::int64_t fewest(PopularityGroup group) const;
  /// The most events of an item in the group; 0: no bound.
  [[nodiscard]] std::int64_t most(PopularityGroup group) const;

 private:
  std::int64_t head_from_ = 1;
  std::int64_t mid_from_ = 1;
};

/// Share of the items that are listed at all. `listed` [V + 1] as of Ranking; nothing listed: 0.
double coverage(std::span<const std::int64_t> listed);
/// Gini index of how often items are listed: 0 when all are equally often, near 1 when a few make
/// up all lists. Items that nobody is shown count. Nothing listed: 0.
double gini_index(std::span<const std::int64_t> listed);
/// Mean training events of the listed items, each as often as it is listed. Nothing listed: 0.
double mean_popularity(std::span<const std::int64_t> listed, std::span<const std::int64_t> counts);

}  // namespace elastic::eval
