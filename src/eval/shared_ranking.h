// A ranking whose batches several processes share.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "dist/communicator.h"
#include "eval/ranking.h"
#include "model/pass.h"

namespace elastic::eval {

/// Deals the batches to the processes in turn, and gives each of them the results of all: the same
/// bits as those of one process.
class SharedRanking {
 public:
  /// `order`: the positions of the ranking, batch by batch; must outlive this.
  SharedRanking(dist::Communicator& ranks, std::span<const std::size_t> order)
      : ranks_(ranks), order_(order) {}

  /// To be called for each batch, with its number of users. True if this process ranks it.
  bool takes(std::size_t users);
  /// The experts of the batch that this process has taken.
  void add(const RetrievedExperts& retrieved) { retrieved_.emplace_back(begin_, retrieved); }
  /// Completes the ranks, those among sampled candidates, lists and experts of `ranking`, which has
  /// those of this process's batches.
  void join(Ranking& ranking) const;

 private:
  void join_ranks(std::vector<std::int32_t>& ranks) const;
  void join_experts(Ranking& ranking) const;

  dist::Communicator& ranks_;
  std::span<const std::size_t> order_;
  std::int64_t batch_ = 0;
  std::size_t begin_ = 0;  ///< of the latest batch, in `order_`
  std::size_t end_ = 0;
  std::vector<std::pair<std::size_t, std::size_t>> taken_;  ///< ranges of `order_`
  std::vector<std::pair<std::size_t, RetrievedExperts>> retrieved_;
};

}  // namespace elastic::eval
