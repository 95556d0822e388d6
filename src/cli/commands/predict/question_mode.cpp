#include "cli/commands/predict/question_mode.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "base/error.h"
#include "cli/asking/line_reader.h"
#include "cli/asking/popular_items.h"
#include "cli/options/option_conflicts.h"

namespace elastic::cli {
namespace {

// The hint for a person at the keyboard.
const char* prompt_of(PlainLine plain) {
  switch (plain) {
    case PlainLine::kItem:
      return "one item id per line; Ctrl-D ends";
    case PlainLine::kHistory:
      return "item ids, oldest first, one history per line; Ctrl-D ends";
    default:
      return "one user id per line; Ctrl-D ends";
  }
}

constexpr std::int32_t kAtOnce = 512;

}  // namespace

void QuestionMode::declare_whole(OptionTable& table) {
  table.add("all_users", &all_users_, "ask for every user of the data, instead of FILE")
      .flag_only();
  table
      .add("all_items",
           &all_items_,
           "with --similar: ask for every item that the model knows, instead of FILE")
      .flag_only();
}

void QuestionMode::declare(OptionTable& table) {
  table
      .add("fallback",
           &fallback_,
           "the answer to an unknown user, an empty history, or one without a known item")
      .flag_only();
  explanations_.declare(table);
}

void QuestionMode::check(const OptionTable& table, AnswerFormat format) const {
  explanations_.check(table, format);
  if (all_users_ && all_items_) {
    throw UsageError("--all-users and --all-items exclude each other");
  }
  if (!all_users_ && !all_items_) {
    return;
  }
  const char* flag = all_users_ ? "--all-users" : "--all-items";
  const bool is_similar = table.find("similar").is_set();
  if (all_items_ != is_similar) {
    throw UsageError(flag, is_similar ? " does not go with --similar" : " is for --similar");
  }
  refuse_flags(table, flag, {"users", "histories", "embeddings", "explain"});
  if (table.find("input").is_set()) {
    throw UsageError(flag, " takes no questions; leave out FILE");
  }
}

int QuestionMode::run(PredictCall& call) const {
  std::optional<PopularItems> popular;
  if (fallback_ == Fallback::kPopular) {
    popular.emplace(call.known_users, call.recommender);
  }
  if (all_users_ || all_items_) {
    answer_whole(call, popular ? &*popular : nullptr);
    return 0;
  }
  LineReader reader(call.input);
  if (call.input == "-" && isatty(STDIN_FILENO) == 1) {
    call.note(prompt_of(call.parser.plain()));
  }
  Questions questions(
      reader, call.parser, call.recommender, call.known_users, popular ? &*popular : nullptr);
  questions.for_each_batch([&](Questions::Batch& batch) { answer(batch, call); });
  call.note(questions.finish());
  return 0;
}

void QuestionMode::answer_whole(PredictCall& call, const PopularItems* fallback) const {
  if (all_users_ && call.recommender.config().time_features == TimeFeatures::kAsked) {
    throw UsageError(
        "--all-users: the model reads the time of the event to predict; give the users and their "
        "\"time\" in FILE");
  }
  const std::int32_t count = all_users_
                                 ? call.known_users.num_users()
                                 : static_cast<std::int32_t>(call.recommender.names().size());
  Questions::Batch batch;
  std::int64_t unanswered = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    Query query;
    query.line = i + 1;
    (all_users_ ? query.user : query.item) =
        all_users_ ? call.known_users.user_id(i) : call.recommender.name(i + 1).raw_id;
    batch.push_back(make_question(query, call.recommender, call.known_users));
    if (fallback != nullptr) {
      fallback->answer(batch.back());
    }
    unanswered += batch.back().has_answer() ? 0 : 1;
    if (std::ssize(batch) == kAtOnce || i + 1 == count) {
      answer(batch, call);
      batch.clear();
    }
  }
  if (unanswered > 0) {
    call.note(fmt::format("{} of {} users have no item that the model knows", unanswered, count));
  }
}

void QuestionMode::answer(Questions::Batch& batch, PredictCall& call) const {
  std::vector<Question*> questions;
  for (Question& question : batch) {
    questions.push_back(&question);
  }
  answer_all(questions, call.recommender);
  for (Question& question : batch) {
    if (question.asks_model()) {
      explanations_.add(question, call.recommender);
    }
    call.writer.write(question.answer, call.output);
  }
  call.output.flush();
}

}  // namespace elastic::cli
