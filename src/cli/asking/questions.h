// The lines of the input of `predict` as questions to the model, in batches, with the number of
// lines that have no answer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cli/asking/answer_writer.h"
#include "cli/asking/known_users.h"
#include "cli/asking/line_reader.h"
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

  [[nodiscard]] bool has_answer() const { return answer.error.empty(); }
  /// Refers to this question.
  [[nodiscard]] Request request() const {
    return {history, item, history_times(), candidates ? &*candidates : nullptr};
  }
  [[nodiscard]] data::HistoryTimes history_times() const {
    return {.events = times, .before = std::nullopt, .asked = time};
  }
};

class Questions {
 public:
  using Batch = std::vector<Question>;

  /// Reads questions from `input`. All references must outlive this.
  Questions(LineReader& input,
            QueryParser& parser,
            const Recommender& recommender,
            KnownUsers& users)
      : input_(input), parser_(parser), recommender_(recommender), users_(users) {}

  /// Calls `handle` with all questions in order, in batches of the lines that have arrived.
  void for_each_batch(const std::function<void(Batch&)>& handle);
  /// Throws DataError if a line was invalid, or if no question had an answer. Else returns the text
  /// of a note, "" if every question had an answer.
  [[nodiscard]] std::string finish() const;

 private:
  Question prepare(const Query& query);
  void look_up_history(const Query& query, Question& question);
  void look_up_candidates(const Query& query, Question& question);

  LineReader& input_;
  QueryParser& parser_;
  const Recommender& recommender_;
  KnownUsers& users_;
  std::int64_t num_answered_ = 0;
  std::int64_t num_unanswered_ = 0;  ///< valid lines about unknown users or items
  std::int64_t num_malformed_ = 0;
};

/// Questions::finish for these numbers of lines.
std::string judge_lines(const std::string& input,
                        std::int64_t answered,
                        std::int64_t unanswered,
                        std::int64_t malformed);

}  // namespace elastic::cli
