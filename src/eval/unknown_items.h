// Items that a model does not know, in a log that it was not trained on: those after its own.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/split.h"
#include "eval/ranking.h"

namespace elastic::eval {

/// The events of a history that a model reads, oldest first.
struct KnownHistory {
  std::vector<std::int32_t> items;
  std::vector<std::int64_t> times;      ///< in whole seconds; empty for a model that reads none
  std::optional<std::int64_t> asked{};  ///< time of the event to predict

  /// Valid as long as this.
  [[nodiscard]] data::HistoryTimes history_times() const {
    return {.events = times, .before = std::nullopt, .asked = asked};
  }
};

/// The user's events before the target whose items are 1 to `num_known`.
KnownHistory known_history(const data::Split& split,
                           std::int32_t user,
                           data::Subset subset,
                           std::int64_t num_known,
                           bool with_times);

/// Gives targets above `num_known` kMissRank, and counts what the model does not know.
void rank_unknown(const data::Split& split,
                  data::Subset subset,
                  std::int64_t num_known,
                  Ranking& ranking);

}  // namespace elastic::eval
