// Item popularity in training: groups of popular and rare items, and statistics of top-k lists.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/split.h"

namespace elastic::eval {

/// Training events of each item: [V + 1], index 0 unused.
std::vector<std::int64_t> training_counts(const data::Split& split);

/// Groups of items by popularity: the most popular ones with a third of the training events, those
/// with the next third, the rest, and those without training events.
enum class PopularityGroup { kHead, kMid, kTail, kCold };
inline constexpr std::array<PopularityGroup, 4> kPopularityGroups{
    PopularityGroup::kHead, PopularityGroup::kMid, PopularityGroup::kTail, PopularityGroup::kCold};
/// "head", "mid", "tail", "cold".
const char* name_of(PopularityGroup group);

/// The bounds of the groups. Items with equally many events share a group: in descending order of
/// events, the first of them decides.
class PopularityGroups {
 public:
  /// `counts` [V + 1] as returned by training_counts.
  explicit PopularityGroups(std::span<const std::int64_t> counts);

  [[nodiscard]] PopularityGroup group_of(std::int64_t count) const;
  /// Lower bound of the events of an item in the group.
  [[nodiscard]] std::int64_t fewest(PopularityGroup group) const;
  /// Upper bound of the events of an item in the group; 0: no bound.
  [[nodiscard]] std::int64_t most(PopularityGroup group) const;

 private:
  std::int64_t head_from_ = 1;
  std::int64_t mid_from_ = 1;
};

/// Share of the items that are listed at least once. `listed` [V + 1] as in Ranking; 0 if empty.
double coverage(std::span<const std::int64_t> listed);
/// Gini index of the number of times that items are listed: 0 if all are listed equally often, near
/// 1 if a few items make up all lists. Includes items that are never listed; 0 if nothing is
/// listed.
double gini_index(std::span<const std::int64_t> listed);
/// Mean training events of the listed items, weighted by the number of times that each is listed; 0
/// if nothing is listed.
double mean_popularity(std::span<const std::int64_t> listed, std::span<const std::int64_t> counts);

}  // namespace elastic::eval
