// Ranking metrics for one relevant item per user: hit rate, NDCG, MRR and recall at k.
//
// Ranks start at 1: one plus the number of other items that score at least as high as the relevant
// one. Ties therefore count against the model, and a model with equal scores for all items ranks
// every target last.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/cutoffs.h"

namespace elastic::eval {

/// Share of users whose item is among the first k. All metrics here are 0 if there are no users.
double hit_at_k(std::span<const std::int32_t> ranks, int k);
/// Mean of 1 / log2(1 + rank), 0 beyond k; the ideal gain is 1 with one relevant item.
double ndcg_at_k(std::span<const std::int32_t> ranks, int k);

/// A metric's value under its name, "NDCG@10".
struct MetricValue {
  std::string name;
  double value = 0.0;
};

/// HR, NDCG, MRR and Recall at every cutoff, in that order. MRR is the mean of 1 / rank, 0 beyond
/// k; Recall equals HR, since each user has one relevant item.
std::vector<MetricValue> all_metrics(std::span<const std::int32_t> ranks,
                                     const Cutoffs& cutoffs = {});
/// The value of the metric `name`, which must be among `metrics`.
double value_of(const std::vector<MetricValue>& metrics, const std::string& name);

}  // namespace elastic::eval
