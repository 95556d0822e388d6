// A question in the model's ids: history, item and candidates looked up in the catalogue.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cli/asking/answer_writer.h"
#include "cli/asking/known_users.h"
#include "cli/asking/query.h"
#include "cli/asking/recommender.h"

namespace elastic::cli {

/// A question in the model's ids, with its answer as far as it is known.
struct Question {
  Answer answer;                      ///< its subject, the unknown ids, and an error
  std::vector<std::int32_t> history;  ///< empty for a question about an item, and after an error
  std::vector<std::int64_t> times;    ///< of the history, for a model that reads times
  std::optional<std::int64_t> time;   ///< of the event that the question is about
  std::int32_t item = 0;
  std::optional<std::vector<std::int32_t>> candidates;  ///< sorted, distinct
  std::vector<std::int32_t> excluded;                   ///< items to leave out
  std::int64_t k = 0;                                   ///< items of the answer; 0: the options'
  bool lacks_history = false;  ///< the error is that nothing is known of the user

  [[nodiscard]] bool has_answer() const { return answer.error.empty(); }
  /// The model has something to say.
  [[nodiscard]] bool asks_model() const { return has_answer() && answer.fallback_reason.empty(); }
  /// Refers to this question.
  [[nodiscard]] Request request() const {
    return {history, item, history_times(), candidates ? &*candidates : nullptr, excluded, k};
  }
  [[nodiscard]] data::HistoryTimes history_times() const {
    return {.events = times, .before = std::nullopt, .asked = time};
  }
};

/// True if the query is a valid line that asks about a user without giving a history.
bool asks_for_user(const Query& query);

/// Looks up the ids of a query. A query about unknown users or items gets an answer with an error.
/// Throws as KnownUsers::read.
Question make_question(const Query& query, const Recommender& recommender, KnownUsers& users);

/// Sets the items of the answers of those questions that have one, all in one pass of the model.
void answer_all(std::span<Question* const> questions, Recommender& recommender);

}  // namespace elastic::cli
