#include "cli/asking/questions.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace elastic::cli {
namespace {

// Limits of a batch: events for the model to read, events of its histories in all, and lines.
constexpr std::size_t kBatchEvents = 16384;
constexpr std::size_t kBatchHistory = std::size_t{1} << 20;
constexpr std::size_t kBatchLines = 512;

}  // namespace

void Questions::for_each_batch(const std::function<void(Batch&)>& handle) {
  Batch batch;
  std::size_t events = 0;  // of the batch, for the model to read
  std::size_t history = 0;
  const auto end_batch = [&] {
    if (!batch.empty()) {
      handle(batch);
    }
    batch.clear();
    events = 0;
    history = 0;
  };
  while (const auto line = input_.next()) {
    const std::optional<Query> query = parser_.parse(*line, input_.line_number());
    if (query) {
      if (asks_for_user(*query) && !users_.is_read()) {
        end_batch();  // first: reading the data takes a while, and may fail
      }
      batch.push_back(prepare(*query));
      const std::size_t length = batch.back().history.size();
      events += std::min(length, static_cast<std::size_t>(recommender_.config().history_len()));
      history += length;
    }
    const bool is_full =
        events >= kBatchEvents || history >= kBatchHistory || batch.size() >= kBatchLines;
    if (is_full || !input_.ready()) {
      end_batch();
    }
  }
  end_batch();
}

Question Questions::prepare(const Query& query) {
  Question question = make_question(query, recommender_, users_);
  if (fallback_ != nullptr) {
    fallback_->answer(question);
  }
  const bool is_malformed = !query.error.empty();
  ++(is_malformed ? num_malformed_ : question.has_answer() ? num_answered_ : num_unanswered_);
  return question;
}

std::string Questions::finish() const {
  return judge_lines(input_.name(), num_answered_, num_unanswered_, num_malformed_);
}

std::string judge_lines(const std::string& input,
                        std::int64_t answered,
                        std::int64_t unanswered,
                        std::int64_t malformed) {
  const std::int64_t lines = answered + unanswered + malformed;
  if (malformed > 0 || (lines > 0 && answered == 0)) {
    throw DataError(input,
                    ": ",
                    malformed,
                    " of ",
                    lines,
                    " lines could not be understood, ",
                    unanswered,
                    " asked about unknown users or items");
  }
  return unanswered == 0 ? ""
                         : concat(input,
                                  ": ",
                                  unanswered,
                                  " of ",
                                  lines,
                                  " lines asked about unknown users or items");
}

}  // namespace elastic::cli
