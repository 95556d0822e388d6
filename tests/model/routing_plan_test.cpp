#include "model/routing_plan.h"

#include "tensor/tensor_values.h"

namespace elastic {
namespace {

TEST_CASE("order_by_cluster: every row once, by sequence, cluster and time") {
  const std::int64_t heads = 3;
  const std::int32_t per_head = 4;
  const Segments segments = segments_of({5, 1, 40});
  std::vector<std::int32_t> clusters =
      random_ids(segments.num_tokens() * heads, 0, per_head - 1, 1);
  for (std::size_t row = 0; row < clusters.size(); ++row) {
    clusters[row] += static_cast<std::int32_t>(row % heads) * per_head;
  }
  const ClusterOrder plan = order_by_cluster(clusters, segments, heads, heads * per_head);
  std::vector<std::array<std::int32_t, 4>> places;  // sequence, cluster, token, row
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int32_t t = segments.begin(b); t < segments.end(b); ++t) {
      for (std::int32_t h = 0; h < heads; ++h) {
        const std::int32_t row = t * static_cast<std::int32_t>(heads) + h;
        places.push_back(
            {static_cast<std::int32_t>(b), clusters[static_cast<std::size_t>(row)], t, row});
      }
    }
  }
  std::sort(places.begin(), places.end());
  std::vector<std::int32_t> want;
  std::vector<std::int32_t> offsets{0};
  for (std::size_t i = 0; i < places.size(); ++i) {
    want.push_back(places[i][3]);
    const bool ends = i + 1 == places.size() || places[i][0] != places[i + 1][0] ||
                      places[i][1] != places[i + 1][1];
    if (ends) {
      offsets.push_back(static_cast<std::int32_t>(i + 1));
    }
  }
  CHECK(plan.order == want);
  CHECK(plan.offsets == offsets);
  for (std::size_t i = 0; i < want.size(); ++i) {
    CHECK(plan.inverse[static_cast<std::size_t>(plan.order[i])] == static_cast<std::int32_t>(i));
  }
  const ClusterOrder none = order_by_cluster({}, segments_of({}), heads, heads * per_head);
  CHECK(none.offsets == std::vector<std::int32_t>{0});
}

TEST_CASE("member_lists: ceil(n / C) rows in every cluster") {
  CHECK(member_lists(segments_of({7, 1, 4}), 2, 2).host() ==
        std::vector<std::int32_t>{0, 4, 8, 12, 16, 17, 18, 19, 20, 22, 24, 26, 28});
}

TEST_CASE("recent_members: the window's latest members and the row itself") {
  // Two heads of a sequence of five tokens, clusters 0 and 1 of head 0, 2 and 3 of head 1.
  const std::vector<std::int32_t> clusters{0, 2, 1, 3, 0, 2, 0, 2, 0, 3};
  const LastPlan plan = recent_members(clusters, segments_of({5}), 2, 2);
  CHECK(plan.queries == std::vector<std::int32_t>{8, 9});
  CHECK(plan.offsets == std::vector<std::int32_t>{0, 3, 5});
  CHECK(plan.keys == std::vector<std::int32_t>{4, 6, 8, 3, 9});
  CHECK(plan.targets == std::vector<std::int32_t>{0, 1});
}

TEST_CASE("lists_with_last: only the clusters that took the last token") {
  // One head, two clusters, sequences of three tokens and of one.
  const Segments segments = segments_of({3, 1});
  const LastPlan plan =
      lists_with_last({0, 1, 1, 2, 3, 3}, member_lists(segments, 1, 2), segments, 1, 2);
  CHECK(plan.queries == std::vector<std::int32_t>{2, 3, 3});
  CHECK(plan.keys == std::vector<std::int32_t>{1, 2, 3, 3});
  CHECK(plan.offsets == std::vector<std::int32_t>{0, 2, 3, 4});
  CHECK(plan.targets == std::vector<std::int32_t>{0, 1, 1});
}

}  // namespace
}  // namespace elastic
