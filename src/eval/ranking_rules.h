// The rules of a ranking, which a run keeps: the options that `train`, `eval` and `predict` share.
#pragma once

#include <array>
#include <type_traits>

#include "base/choice.h"

namespace elastic::eval {

/// The treatment of repeated targets: held-out items that the user's history contains.
enum class Repeats { kCount, kMiss, kDrop, kOnly };
constexpr auto choices_of(Repeats) {
  using enum Repeats;
  return std::to_array<Choice<Repeats>>(
      {{kCount, "count", "ranked like any other item"},
       {kMiss, "miss", "misses, as for answers without seen items"},
       {kDrop, "drop", "left out, new items alone are evaluated"},
       {kOnly, "only", "evaluated alone"}});
}

struct RankingRules {
  bool filter_seen = true;
  Repeats repeats = Repeats::kCount;

  /// False for a target that is left out of the evaluation.
  [[nodiscard]] bool evaluates(bool repeated) const {
    return repeated ? repeats != Repeats::kDrop : repeats != Repeats::kOnly;
  }
  bool operator==(const RankingRules&) const = default;
};

/// Calls visitor(name, field, help) for every rule. `Rules` is RankingRules or const RankingRules.
template <class Rules, class Visitor>
void visit_options(Rules& rules, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Rules>, RankingRules> {
  visitor("filter_seen", rules.filter_seen, "leave a user's earlier items out of the ranking");
  visitor("repeats", rules.repeats, "held-out items that the user had before");
}

}  // namespace elastic::eval
