// The rows of a batch that attend to each other after tokens are routed to clusters.
//
// A row is a head of a token: row t H + h of the tokens [T, D] seen as [T H, Dh]. Clusters of all
// heads are numbered together, h C + c. The host computes the plans, since it needs the bounds of
// the segments anyway; on a GPU a layer therefore waits for its scores.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/segments.h"

namespace elastic {

/// ceil(a / b) of positive numbers.
constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Rows sorted by (sequence, cluster, time).
struct ClusterOrder {
  std::vector<std::int32_t> order;    ///< the row at each place
  std::vector<std::int32_t> inverse;  ///< the place of each row
  std::vector<std::int32_t> offsets;  ///< of the nonempty clusters, from 0
};

/// clusters [T H]: each row's cluster, in 0..num_clusters-1. O(T H + B + num_clusters).
ClusterOrder order_by_cluster(const std::vector<std::int32_t>& clusters,
                              const Segments& segments,
                              std::int64_t num_heads,
                              std::int64_t num_clusters);

/// Attention of the last tokens: query i attends to the keys in [offsets[i], offsets[i + 1]). The
/// result for a target is the mean over the queries i with its number in `targets[i]`.
struct LastPlan {
  std::vector<std::int32_t> queries;     ///< rows
  std::vector<std::int32_t> keys;        ///< rows
  std::vector<std::int32_t> offsets{0};  ///< one more than queries
  std::vector<std::int32_t> targets;     ///< b H + h
};

/// Each last row's cluster: its `window` latest members before the row, and the row itself.
LastPlan recent_members(const std::vector<std::int32_t>& clusters,
                        const Segments& segments,
                        std::int64_t num_heads,
                        std::int64_t window);

/// Segments of the clusters' member lists, of equal shares: ceil(n / C) rows in each cluster of a
/// sequence of n tokens; B H C segments, in the order of (sequence, cluster).
Segments member_lists(const Segments& segments,
                      std::int64_t num_heads,
                      std::int64_t clusters_per_head);

/// Selects the member lists that end with their sequence's last token. rows [members.num_tokens()],
/// each list in the order of time.
LastPlan lists_with_last(const std::vector<std::int32_t>& rows,
                         const Segments& members,
                         const Segments& segments,
                         std::int64_t num_heads,
                         std::int64_t clusters_per_head);

}  // namespace elastic
