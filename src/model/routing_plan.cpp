#include "model/routing_plan.h"

#include <algorithm>

namespace elastic {
namespace {

using Ints = std::vector<std::int32_t>;

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

std::int32_t narrow(std::int64_t i) {
  return static_cast<std::int32_t>(i);
}

std::int64_t last_row(const Segments& segments,
                      std::int64_t b,
                      std::int64_t head,
                      std::int64_t heads) {
  return (segments.end(b) - std::int64_t{1}) * heads + head;
}

}  // namespace

// Two stable counting sorts: all rows by cluster, then those of each cluster by sequence. Rows
// start in the order of time and keep it within each cluster.
ClusterOrder order_by_cluster(const Ints& clusters,
                              const Segments& segments,
                              std::int64_t num_heads,
                              std::int64_t num_clusters) {
  const std::size_t count = clusters.size();
  Ints next(at(num_clusters + 1), 0);
  for (const std::int32_t cluster : clusters) {
    ++next[at(cluster) + 1];
  }
  for (std::size_t c = 1; c < next.size(); ++c) {
    next[c] += next[c - 1];
  }
  Ints by_cluster(count);
  Ints sequence(count);
  Ints place(at(segments.size()));
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    place[at(b)] = narrow(segments.begin(b) * num_heads);
    for (std::int64_t row = segments.begin(b) * num_heads; row < segments.end(b) * num_heads;
         ++row) {
      sequence[at(row)] = narrow(b);
      by_cluster[at(next[at(clusters[at(row)])]++)] = narrow(row);
    }
  }
  ClusterOrder result{Ints(count), Ints(count), {0}};
  for (const std::int32_t row : by_cluster) {
    std::int32_t& to = place[at(sequence[at(row)])];
    result.order[at(to)] = row;
    result.inverse[at(row)] = to++;
  }
  for (std::size_t i = 1; i < count; ++i) {
    const auto before = at(result.order[i - 1]);
    const auto here = at(result.order[i]);
    if (clusters[before] != clusters[here] || sequence[before] != sequence[here]) {
      result.offsets.push_back(narrow(static_cast<std::int64_t>(i)));
    }
  }
  if (count > 0) {
    result.offsets.push_back(narrow(static_cast<std::int64_t>(count)));
  }
  return result;
}

LastPlan recent_members(const Ints& clusters,
                        const Segments& segments,
                        std::int64_t num_heads,
                        std::int64_t window) {
  LastPlan plan;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int64_t h = 0; h < num_heads; ++h) {
      const std::int64_t last = last_row(segments, b, h, num_heads);
      const std::size_t begin = plan.keys.size();
      for (std::int64_t row = last; row >= segments.begin(b) * num_heads; row -= num_heads) {
        if (clusters[at(row)] == clusters[at(last)]) {
          plan.keys.push_back(narrow(row));
        }
        if (static_cast<std::int64_t>(plan.keys.size() - begin) > window) {
          break;
        }
      }
      std::reverse(plan.keys.begin() + static_cast<std::ptrdiff_t>(begin), plan.keys.end());
      plan.queries.push_back(narrow(last));
      plan.offsets.push_back(narrow(static_cast<std::int64_t>(plan.keys.size())));
      plan.targets.push_back(narrow(b * num_heads + h));
    }
  }
  return plan;
}

Segments member_lists(const Segments& segments,
                      std::int64_t num_heads,
                      std::int64_t clusters_per_head) {
  Ints offsets{0};
  offsets.reserve(at(segments.size() * num_heads * clusters_per_head + 1));
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const std::int64_t share = divide_up(segments.length(b), clusters_per_head);
    for (std::int64_t i = 0; i < num_heads * clusters_per_head; ++i) {
      offsets.push_back(narrow(offsets.back() + share));
    }
  }
  return {std::move(offsets), segments.device()};
}

LastPlan lists_with_last(const Ints& rows,
                         const Segments& members,
                         const Segments& segments,
                         std::int64_t num_heads,
                         std::int64_t clusters_per_head) {
  LastPlan plan;
  for (std::int64_t list = 0; list < members.size(); ++list) {
    const std::int64_t target = list / clusters_per_head;
    const std::int64_t last = last_row(segments, target / num_heads, target % num_heads, num_heads);
    if (members.length(list) == 0 || rows[at(members.end(list)) - 1] != last) {
      continue;
    }
    plan.keys.insert(
        plan.keys.end(), rows.begin() + members.begin(list), rows.begin() + members.end(list));
    plan.queries.push_back(narrow(last));
    plan.offsets.push_back(narrow(static_cast<std::int64_t>(plan.keys.size())));
    plan.targets.push_back(narrow(target));
  }
  return plan;
}

}  // namespace elastic
