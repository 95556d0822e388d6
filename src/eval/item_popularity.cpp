#include "eval/item_popularity.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace elastic::eval {

std::vector<std::int64_t> training_counts(const data::Split& split) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(split.num_items()) + 1, 0);
  for (std::int32_t user = 0; user < split.num_users(); ++user) {
    for (const std::int32_t item : split.train_sequence(user)) {
      ++counts[static_cast<std::size_t>(item)];
    }
  }
  return counts;
}

const char* name_of(PopularityGroup group) {
  switch (group) {
    case PopularityGroup::kHead:
      return "head";
    case PopularityGroup::kMid:
      return "mid";
    case PopularityGroup::kTail:
      return "tail";
    case PopularityGroup::kCold:
      return "cold";
  }
  return "unknown";
}

PopularityGroups::PopularityGroups(std::span<const std::int64_t> counts) {
  std::vector<std::int64_t> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const std::int64_t total = std::accumulate(sorted.begin(), sorted.end(), std::int64_t{0});
  std::int64_t before = 0;  // events of items that are at least as popular
  head_from_ = std::numeric_limits<std::int64_t>::max();
  mid_from_ = head_from_;
  std::int64_t previous = -1;
  for (const std::int64_t count : sorted) {
    if (count == 0) {
      break;
    }
    if (count != previous) {
      head_from_ = 3 * before < total ? count : head_from_;
      mid_from_ = 3 * before < 2 * total ? count : mid_from_;
      previous = count;
    }
    before += count;
  }
}

PopularityGroup PopularityGroups::group_of(std::int64_t count) const {
  if (count >= head_from_) {
    return PopularityGroup::kHead;
  }
  if (count >= mid_from_) {
    return PopularityGroup::kMid;
  }
  return count > 0 ? PopularityGroup::kTail : PopularityGroup::kCold;
}

std::int64_t PopularityGroups::fewest(PopularityGroup group) const {
  switch (group) {
    case PopularityGroup::kHead:
      return head_from_;
    case PopularityGroup::kMid:
      return mid_from_;
    case PopularityGroup::kTail:
      return 1;
    case PopularityGroup::kCold:
      return 0;
  }
  return 0;
}

std::int64_t PopularityGroups::most(PopularityGroup group) const {
  switch (group) {
    case PopularityGroup::kHead:
      return 0;
    case PopularityGroup::kMid:
      return head_from_ - 1;
    case PopularityGroup::kTail:
      return mid_from_ - 1;
    case PopularityGroup::kCold:
      return 0;
  }
  return 0;
}

double coverage(std::span<const std::int64_t> listed) {
  if (listed.size() < 2) {
    return 0.0;
  }
  const auto items = listed.subspan(1);
  const auto shown =
      std::count_if(items.begin(), items.end(), [](auto times) { return times > 0; });
  return static_cast<double>(shown) / static_cast<double>(items.size());
}

double gini_index(std::span<const std::int64_t> listed) {
  if (listed.size() < 2) {
    return 0.0;
  }
  std::vector<std::int64_t> sorted(listed.begin() + 1, listed.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  double weighted = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto times = static_cast<double>(sorted[i]);
    weighted += (2.0 * static_cast<double>(i + 1) - n - 1.0) * times;
    total += times;
  }
  return total > 0.0 ? weighted / (n * total) : 0.0;
}

double mean_popularity(std::span<const std::int64_t> listed, std::span<const std::int64_t> counts) {
  ELASTIC_CHECK(listed.empty() || listed.size() == counts.size(), "counts for another catalogue");
  double events = 0.0;
  double total = 0.0;
  for (std::size_t item = 1; item < listed.size(); ++item) {
    events += static_cast<double>(listed[item]) * static_cast<double>(counts[item]);
    total += static_cast<double>(listed[item]);
  }
  return total > 0.0 ? events / total : 0.0;
}

}  // namespace elastic::eval
