// Ranks each user's held-out item among all items, with a model or by popularity.
//
// The protocol is the same for both. The held-out item is ranked in the whole catalogue, given the
// history that the split defines; with leave-one-out, that of the test event includes the
// validation event. With `filter_seen`, items of that history are left out of the ranking, even
// those that a model does not read because of max_len, but not the held-out item itself: `repeats`
// decides about held-out items in the history. Ties count against the model. A held-out item
// without any training event gets the worst rank. Users without any history are not ranked.
//
// A log that the model was not trained on has the model's items first, then its own further ones,
// which are unknown to the model: see unknown_items.h. Training events of that log are not the
// model's, so that items without any are ranked like others.
#pragma once

#include <cstdint>
#include <span>

#include "data/split.h"
#include "dist/communicator.h"
#include "eval/negatives.h"
#include "eval/ranking.h"
#include "eval/ranking_rules.h"
#include "model/model.h"

namespace elastic::eval {

struct EvalOptions {
  RankingRules rules{};
  std::int64_t batch_tokens = 16384;  ///< per batch at most, unless one sequence is longer
  bool lists = false;                 ///< count the items in all top-10 lists, in a second pass
  std::int64_t min_history = 0;       ///< rank only users with as many events before the held-out
  std::int64_t max_users = 0;         ///< rank only this many, drawn by `users_seed`; 0: all
  std::uint64_t users_seed = 0;
  bool swap_experts = false;  ///< each user gets the experts that the model retrieved for another
  bool other_log = false;     ///< the model was not trained on the data
  /// Also rank among the candidates of each; none with `other_log`.
  std::span<const NegativeSampler> samplers{};
  /// The processes that rank together, all with the same arguments: each some of the batches. All
  /// get the whole ranking. Null: this process alone.
  dist::Communicator* ranks = nullptr;
};

/// Ranks with a model, in batches of users of similar history length; the results do not depend on
/// the batches. The model's items must be those of the data, or with `other_log` the first of them;
/// users whose held-out item or whole history is unknown to it then have kMissRank.
Ranking rank_users(Model& model,
                   const data::Split& split,
                   data::Subset subset,
                   const EvalOptions& options = {});

/// Ranks by the number of times that each item occurs in the histories of the subset: in the
/// training events for the validation event, in training and validation events for the test event.
Ranking popularity_ranking(const data::Split& split,
                           data::Subset subset,
                           const EvalOptions& options = {});

}  // namespace elastic::eval
