#include "eval/item_popularity.h"

#include <doctest/doctest.h>

#include "eval/fixture.h"

namespace elastic::eval {
namespace {

using Counts = std::vector<std::int64_t>;

TEST_CASE("item popularity: only training events count") {
  // The last two events of each user are held out, except for the user with two events.
  const data::Split split = make_split({{1, 1, 2, 3, 4}, {5, 2, 3}, {4, 1}}, 6);
  CHECK(training_counts(split) == Counts{0, 3, 1, 0, 1, 1, 0});
}

TEST_CASE("item popularity: each group takes a third of the events") {
  const PopularityGroups groups(
      Counts{0, 1, 5, 2, 3, 1, 0});  // 12 events in groups: 5 | 3 | 2, 1, 1
  CHECK(groups.group_of(5) == PopularityGroup::kHead);
  CHECK(groups.group_of(3) == PopularityGroup::kMid);
  CHECK(groups.group_of(2) == PopularityGroup::kTail);
  CHECK(groups.group_of(1) == PopularityGroup::kTail);
  CHECK(groups.group_of(0) == PopularityGroup::kCold);
  CHECK(groups.fewest(PopularityGroup::kMid) == 3);
  CHECK(groups.most(PopularityGroup::kMid) == 4);
}

TEST_CASE("item popularity: an item that begins where a third ends is in the next group") {
  const PopularityGroups head(Counts{0, 4, 3, 2, 2, 1});  // 12 events: 4 | 3, 2, 2 | 1
  CHECK(head.group_of(4) == PopularityGroup::kHead);
  CHECK(head.group_of(3) == PopularityGroup::kMid);
  CHECK(head.group_of(2) == PopularityGroup::kMid);
  CHECK(head.group_of(1) == PopularityGroup::kTail);
  const PopularityGroups mid(Counts{0, 5, 3, 2, 2});  // 5 | 3 | 2, 2
  CHECK(mid.group_of(5) == PopularityGroup::kHead);
  CHECK(mid.group_of(3) == PopularityGroup::kMid);
  CHECK(mid.group_of(2) == PopularityGroup::kTail);
  CHECK(mid.most(PopularityGroup::kTail) == 2);
  CHECK(mid.fewest(PopularityGroup::kTail) == 1);
}

TEST_CASE("item popularity: equally popular items stay together") {
  const PopularityGroups alike(Counts{0, 2, 2, 2, 2});
  CHECK(alike.group_of(2) == PopularityGroup::kHead);
  CHECK(alike.group_of(1) == PopularityGroup::kTail);
  const PopularityGroups none(Counts{0, 0, 0});
  CHECK(none.group_of(0) == PopularityGroup::kCold);
}

TEST_CASE("item popularity: coverage, Gini index and mean popularity of lists") {
  const Counts equal{0, 7, 7, 7, 7};
  const Counts one{0, 0, 0, 12, 0};
  const Counts some{0, 1, 0, 3, 0};
  CHECK(coverage(equal) == 1.0);
  CHECK(coverage(one) == 0.25);
  CHECK(gini_index(equal) == doctest::Approx(0.0));
  CHECK(gini_index(one) == doctest::Approx(0.75));  // 1 - 1 / n
  // Sorted 0 0 1 3: (1 * 1 + 3 * 3) / (4 * 4).
  CHECK(gini_index(some) == doctest::Approx(10.0 / 16.0));
  CHECK(mean_popularity(some, Counts{0, 8, 100, 4, 100}) == doctest::Approx((8.0 + 12.0) / 4.0));
  CHECK(gini_index({}) == 0.0);
  CHECK(coverage({}) == 0.0);
  CHECK(mean_popularity({}, {}) == 0.0);
}

}  // namespace
}  // namespace elastic::eval
