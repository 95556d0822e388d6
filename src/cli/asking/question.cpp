#include "cli/asking/question.h"

#include <utility>

namespace elastic::cli {
namespace {

void add_unknown(const KnownItems& known, Answer& answer) {
  answer.unknown_ids.insert(
      answer.unknown_ids.end(), known.unknown_ids.begin(), known.unknown_ids.end());
}

void look_up_item(const Query& query, const Recommender& recommender, Question& question) {
  const KnownItems known = recommender.look_up(std::span(&*query.item, 1));
  if (known.items.empty()) {
    question.answer.error = "unknown item";
  } else {
    question.item = known.items.front();
  }
}

void set_history(KnownItems known, Question& question) {
  question.answer.unknown = known.unknown;
  add_unknown(known, question.answer);
  question.history = std::move(known.items);
  question.times = std::move(known.times);
  if (question.history.empty()) {
    question.answer.error =
        known.unknown == 0 ? "an empty history" : "no item of the history is known";
    question.lacks_history = true;
  }
}

KnownItems look_up_history(const Query& query, const Recommender& recommender) {
  KnownItems known = recommender.look_up(*query.history);
  if (query.times) {
    for (const std::size_t place : known.places) {
      known.times.push_back((*query.times)[place]);
    }
  }
  return known;
}

void look_up_user(const Query& query, KnownUsers& users, Question& question) {
  if (std::optional<KnownItems> known = users.history(*query.user)) {
    set_history(std::move(*known), question);
  } else {
    question.answer.error = "unknown user";
    question.lacks_history = true;
  }
}

void look_up_candidates(const Query& query, const Recommender& recommender, Question& question) {
  KnownItems known = recommender.look_up(*query.candidates);
  question.answer.unknown_candidates = known.unknown;
  add_unknown(known, question.answer);
  if (known.items.empty()) {
    question.answer.error =
        query.candidates->empty() ? "an empty list of candidates" : "no candidate is known";
    question.lacks_history = false;
  }
  question.candidates = sorted_distinct(std::move(known.items));
}

}  // namespace

bool asks_for_user(const Query& query) {
  return query.error.empty() && !query.history && !query.item;
}

Question make_question(const Query& query, const Recommender& recommender, KnownUsers& users) {
  Question question;
  Answer& answer = question.answer;
  answer.line = query.line;
  answer.user = query.user;
  answer.item = query.item;
  answer.error = query.error;
  if (!query.error.empty()) {
    return question;
  }
  question.time = query.time;
  if (query.item) {
    look_up_item(query, recommender, question);
  } else if (query.history) {
    set_history(look_up_history(query, recommender), question);
  } else {
    look_up_user(query, users, question);
  }
  if (query.exclude) {
    question.excluded = recommender.look_up(*query.exclude).items;
  }
  question.k = query.k.value_or(0);
  if (query.candidates && (answer.error.empty() || question.lacks_history)) {
    look_up_candidates(query, recommender, question);
  }
  return question;
}

void answer_all(std::span<Question* const> questions, Recommender& recommender) {
  std::vector<Request> requests;
  for (const Question* question : questions) {
    if (question->asks_model()) {
      requests.push_back(question->request());
    }
  }
  auto recommended = recommender.recommend(requests);
  auto next = recommended.begin();
  for (Question* question : questions) {
    if (question->asks_model()) {
      question->answer.items = std::move(*next++);
    }
  }
}

}  // namespace elastic::cli
