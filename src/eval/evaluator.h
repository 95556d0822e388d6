// Ranks each user's held-out item among all items, with a model or by popularity.
//
// The protocol, the same for both: leave-one-out over the whole catalogue. The history before the
// held-out event is what the split says (for the test event it includes the validation event). With
// `filter_seen`, items of that history - all of it, whatever a model reads - are left out of the
// ranking, but never the held-out item itself, even if the user had it before. Ties count against
// the model. What nobody could know counts as a miss, the last rank there is: a held-out item
// without any training event, whoever ranks, and for a model a user without any history.
#pragma once

#include <cstdint>
#include <span>

#include "data/split.h"
#include "eval/negatives.h"
#include "eval/ranking.h"
#include "model/model.h"

namespace elastic::eval {

struct EvalOptions {
  bool filter_seen = true;
  std::int64_t batch_tokens = 16384;  ///< a batch holds at most as many, or one sequence
  bool lists = false;                 ///< count the items in all top-10 lists: a second pass
  std::int64_t min_history = 0;       ///< rank only users with as many events before the held-out
  std::span<const NegativeSampler> samplers{};  ///< rank among the candidates of each as well
};

/// With the model as it is, in batches of users of like length; results do not depend on the
/// batches.
Ranking rank_users(Model& model,
                   const data::Split& split,
                   data::Subset subset,
                   const EvalOptions& options = {});

/// By how often an item occurs in the histories of the subset: in the training events for the
/// validation event, in these and the validation events for the test event.
Ranking popularity_ranking(const data::Split& split,
                           data::Subset subset,
                           const EvalOptions& options = {});

}  // namespace elastic::eval
