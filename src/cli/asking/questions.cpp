#include "cli/asking/questions.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "eval/required_times.h"

namespace elastic::cli {
namespace {

// Limits of a batch: events for the model to read, events of its histories in all, and lines.
constexpr std::size_t kBatchEvents = 16384;
constexpr std::size_t kBatchHistory = std::size_t{1} << 20;
constexpr std::size_t kBatchLines = 512;

bool asks_for_user(const Query& query) {
  return query.error.empty() && !query.history && !query.item;
}

void add_unknown(const KnownItems& known, Answer& answer) {
  answer.unknown_ids.insert(
      answer.unknown_ids.end(), known.unknown_ids.begin(), known.unknown_ids.end());
}

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
  Question question;
  Answer& answer = question.answer;
  answer.line = query.line;
  answer.user = query.user;
  answer.item = query.item;
  answer.error = query.error;
  if (!query.error.empty()) {
    ++num_malformed_;
    return question;
  }
  look_up_history(query, question);
  if (answer.error.empty() && query.candidates) {
    look_up_candidates(query, question);
  }
  ++(answer.error.empty() ? num_answered_ : num_unanswered_);
  return question;
}

void Questions::look_up_history(const Query& query, Question& question) {
  Answer& answer = question.answer;
  question.time = query.time;
  if (query.item) {
    const KnownItems known = recommender_.look_up(std::span(&*query.item, 1));
    if (known.items.empty()) {
      answer.error = "unknown item";
    } else {
      question.item = known.items.front();
    }
  } else if (query.history) {
    KnownItems known = recommender_.look_up(*query.history);
    question.history = std::move(known.items);
    if (query.times) {
      for (const std::size_t place : known.places) {
        question.times.push_back((*query.times)[place]);
      }
    }
    answer.unknown = known.unknown;
    add_unknown(known, answer);
    if (query.history->empty()) {
      answer.error = "an empty history";
    } else if (question.history.empty()) {
      answer.error = "no item of the history is known";
    }
  } else {
    const data::Dataset& dataset = users_.dataset();
    if (const auto user = dataset.find_user(*query.user)) {
      const auto history = dataset.sequence(*user);
      question.history.assign(history.begin(), history.end());
      if (reads_times(recommender_.config())) {
        eval::require_times(recommender_.config(), dataset);
        const auto times = dataset.times(*user);
        question.times.assign(times.begin(), times.end());
      }
    } else {
      answer.error = "unknown user";
    }
  }
}

void Questions::look_up_candidates(const Query& query, Question& question) {
  KnownItems known = recommender_.look_up(*query.candidates);
  question.answer.unknown_candidates = known.unknown;
  add_unknown(known, question.answer);
  if (known.items.empty()) {
    question.answer.error =
        query.candidates->empty() ? "an empty list of candidates" : "no candidate is known";
  }
  question.candidates = sorted_distinct(std::move(known.items));
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
