// The lines of the input of `predict` as questions to the model, in batches, with the number of
// lines that have no answer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/asking/known_users.h"
#include "cli/asking/line_reader.h"
#include "cli/asking/popular_items.h"
#include "cli/asking/query.h"
#include "cli/asking/question.h"
#include "cli/asking/recommender.h"

namespace elastic::cli {

class Questions {
 public:
  using Batch = std::vector<Question>;

  /// Reads questions from `input`. `fallback`, if not null, answers those that lack a history. All
  /// references must outlive this.
  Questions(LineReader& input,
            QueryParser& parser,
            const Recommender& recommender,
            KnownUsers& users,
            const PopularItems* fallback = nullptr)
      : input_(input),
        parser_(parser),
        recommender_(recommender),
        users_(users),
        fallback_(fallback) {}

  /// Calls `handle` with all questions in order, in batches of the lines that have arrived.
  void for_each_batch(const std::function<void(Batch&)>& handle);
  /// Throws DataError if a line was invalid, or if no question had an answer. Else returns the text
  /// of a note, "" if every question had an answer.
  [[nodiscard]] std::string finish() const;

 private:
  Question prepare(const Query& query);

  LineReader& input_;
  QueryParser& parser_;
  const Recommender& recommender_;
  KnownUsers& users_;
  const PopularItems* fallback_;
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
