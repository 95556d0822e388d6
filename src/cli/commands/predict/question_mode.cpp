#include "cli/commands/predict/question_mode.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/asking/line_reader.h"
#include "data/blanks.h"

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

std::vector<std::string> read_ids(const std::string& path) {
  std::vector<std::string> ids;
  LineReader reader(path);
  while (const auto line = reader.next()) {
    if (const std::string_view id = data::stripped(*line); !id.empty()) {
      ids.emplace_back(id);
    }
  }
  return ids;
}

}  // namespace

void QuestionMode::declare(OptionTable& table) {
  table.add("candidates", &candidates_, "rank only the items in this file, one id per line")
      .flag_only("FILE");
  explanations_.declare(table);
}

void QuestionMode::check(const OptionTable& table, AnswerFormat format) const {
  explanations_.check(table, format);
  if (candidates_ == "-") {
    throw UsageError("--candidates: expected a file; standard input is for the questions");
  }
}

void QuestionMode::read_candidates(PredictCall& call) const {
  const std::vector<std::string> ids = read_ids(candidates_);
  KnownItems known = call.recommender.look_up(ids);
  if (known.items.empty()) {
    throw DataError(candidates_,
                    ": expected item ids, one per line; none of the ",
                    ids.size(),
                    " is known to the model");
  }
  if (known.unknown > 0) {
    call.note(fmt::format("{}: {} of {} candidates are unknown: {}{}",
                          candidates_,
                          known.unknown,
                          ids.size(),
                          fmt::join(known.unknown_ids, ", "),
                          std::ssize(known.unknown_ids) < known.unknown ? ", ..." : ""));
  }
  call.recommender.set_candidates(sorted_distinct(std::move(known.items)));
}

int QuestionMode::run(PredictCall& call) const {
  if (!candidates_.empty()) {
    read_candidates(call);
  }
  LineReader reader(call.input);
  if (call.input == "-" && isatty(STDIN_FILENO) == 1) {
    call.note(prompt_of(call.parser.plain()));
  }
  Questions questions(reader, call.parser, call.recommender, call.known_users);
  questions.for_each_batch([&](Questions::Batch& batch) { answer(batch, call); });
  call.note(questions.finish());
  return 0;
}

void QuestionMode::answer(Questions::Batch& batch, PredictCall& call) const {
  std::vector<Question*> questions;
  for (Question& question : batch) {
    questions.push_back(&question);
  }
  answer_all(questions, call.recommender);
  for (Question& question : batch) {
    if (question.has_answer()) {
      explanations_.add(question, call.recommender);
    }
    call.writer.write(question.answer, call.output);
  }
  call.output.flush();
}

}  // namespace elastic::cli
