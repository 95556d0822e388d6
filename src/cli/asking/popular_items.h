// --fallback popular: answers to questions about histories that the model knows nothing of.
#pragma once

#include <cstdint>
#include <vector>

#include "base/choice.h"
#include "cli/asking/known_users.h"
#include "cli/asking/question.h"
#include "cli/asking/recommender.h"

namespace elastic::cli {

enum class Fallback { kNone, kPopular };
constexpr auto choices_of(Fallback) {
  using enum Fallback;
  return std::to_array<Choice<Fallback>>(
      {{kNone, "none", "an error"},
       {kPopular, "popular", "the items with the most events in the log"}});
}

class PopularItems {
 public:
  /// Counts the events of the log; throws as KnownUsers::read. `recommender` must outlive this.
  PopularItems(KnownUsers& users, const Recommender& recommender);

  /// Answers a question about an unknown user, an empty history, or one without a known item, with
  /// the most popular items that it and the options allow. The score is the number of events.
  /// Leaves other questions as they are.
  void answer(Question& question) const;

 private:
  const Recommender& recommender_;
  std::vector<std::int64_t> events_;   // [V + 1]
  std::vector<std::int32_t> ordered_;  // items by descending number of events
};

}  // namespace elastic::cli
