// The lines of `predict`'s input as questions to the model, batch by batch, and the count of those
// that have no answer.
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

/// A question on its way to its answer, in the model's ids.
struct Question {
  Answer answer;                      ///< to whom, and what is unknown; why it has no answer
  std::vector<std::int32_t> history;  ///< empty with an item or an error
  std::int32_t item = 0;
  std::optional<std::vector<std::int32_t>> candidates;  ///< sorted, distinct

  [[nodiscard]] bool has_answer() const { return answer.error.empty(); }
  /// Refers to this.
  [[nodiscard]] Request request() const {
    return {history, item, candidates ? &*candidates : nullptr};
  }
};

class Questions {
 public:
  using Batch = std::vector<Question>;

  /// Of `input`, whose lines that are not JSON hold what `plain` says. All must outlive this.
  Questions(LineReader& input, PlainLine plain, const Recommender& recommender, KnownUsers& users)
      : input_(input), plain_(plain), recommender_(recommender), users_(users) {}

  /// Hands on all questions in batches of what has come, in order.
  void for_each_batch(const std::function<void(Batch&)>& handle);
  /// Throws DataError if a line could not be understood, or no question had an answer. Else what a
  /// note should say; nothing if all is well.
  [[nodiscard]] std::string finish() const;

 private:
  Question prepare(const Query& query);
  void look_up_history(const Query& query, Question& question);
  void look_up_candidates(const Query& query, Question& question);

  LineReader& input_;
  PlainLine plain_;
  const Recommender& recommender_;
  KnownUsers& users_;
  std::int64_t num_answered_ = 0;
  std::int64_t num_unanswered_ = 0;  ///< understood, but what was asked for is unknown
  std::int64_t num_malformed_ = 0;
};

/// The same of counts.
std::string judge_lines(const std::string& input,
                        std::int64_t answered,
                        std::int64_t unanswered,
                        std::int64_t malformed);

}  // namespace elastic::cli
