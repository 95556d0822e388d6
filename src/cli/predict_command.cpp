#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/answer_writer.h"
#include "cli/command.h"
#include "cli/embedding_export.h"
#include "cli/explanation.h"
#include "cli/known_users.h"
#include "cli/line_reader.h"
#include "cli/output.h"
#include "cli/output_format.h"
#include "cli/progress_line.h"
#include "cli/questions.h"
#include "cli/recommender.h"
#include "cli/save_signal.h"
#include "cli/session_options.h"
#include "cli/stop_signals.h"
#include "cli/stream_session.h"
#include "train/saved_model.h"

namespace elastic::cli {
namespace {

constexpr const char* kPredictDescription =
    "recommend items for known users or for any history\n"
    "\n"
    "  echo 42 | elastic predict runs/first -o table\n"
    "  echo '{\"history\": [\"50\", \"181\", \"172\"]}' | elastic predict runs/first --top-k 5\n"
    "  cut -f2 new_users.tsv | elastic predict runs/first --histories -o tsv\n"
    "  echo 50 | elastic predict runs/first --similar\n"
    "  elastic predict runs/first --embeddings users --out users.npy\n"
    "\n"
    "Reads a line per question: {\"user\": id}, {\"history\": [item, ...]} oldest first, "
    "{\"item\": "
    "id}\n"
    "for the nearest items, a user id, or with --histories item ids separated by blanks, with\n"
    "--similar an item id. \"candidates\": [item, ...] in a question ranks only these. Answers in "
    "the\n"
    "same order, each as soon as the input pauses. A known user's history is all that the data\n"
    "holds, held-out events included; only this needs the data file. Items that the model does "
    "not\n"
    "know are skipped and counted.\n"
    "\n"
    "--stream reads events as they happen, {\"user\": id, \"item\": id} or `user item`, and "
    "answers each:\n"
    "what it keeps of a user is a state of fixed size, not the history, and the cost of an event "
    "does\n"
    "not grow. For models with such a state (elastic-causal, gsa) trained with --position none. "
    "States\n"
    "are kept in the run directory, and gone on from the next time; SIGUSR1 saves them at once. "
    "After a\n"
    "crash, give the same input again with --resume: no event is lost or counted twice.\n"
    "\n"
    "A question that has no answer gets a record with an error, and the rest goes on. The exit "
    "code\n"
    "is 3 if a line could not be understood, or if no question had an answer.";

class PredictCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "predict"; }
  [[nodiscard]] std::string description() const override { return kPredictDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  void declare_questions(OptionTable& table);
  void check_options(const OptionTable& table) const;
  // Throws UsageError if one of these was given on the command line.
  static void refuse(const OptionTable& table,
                     const std::string& beside,
                     const std::vector<std::string>& keys);
  void note(const std::string& text) const;
  void read_candidates();
  int answer_questions();
  void answer(Questions::Batch& batch);
  int export_embeddings(bool of_questions);
  int stream();
  [[nodiscard]] PlainLine plain_line() const;

  std::string run_;
  std::string input_ = "-";
  DataPlace place_;
  bool users_ = false;
  bool histories_ = false;
  bool similar_ = false;
  bool stream_ = false;
  bool from_data_ = false;
  bool resume_ = false;
  double save_every_s_ = 60.0;
  std::string candidates_;
  bool explain_ = false;
  std::int64_t explain_events_ = 3;
  std::string embeddings_;
  std::string out_;
  RecommendOptions options_;
  OutputFormat format_;
  SessionOptions session_;

  std::unique_ptr<Recommender> recommender_;
  std::unique_ptr<KnownUsers> known_users_;
  std::unique_ptr<AnswerWriter> writer_;
  Output output_;
};

void PredictCommand::declare(OptionTable& table) {
  Option& run = table.add("run", &run_, "the run directory that `elastic train` made");
  run.scope = Scope::kPositional;
  run.value_name = "RUN";
  run.required = true;
  Option& input = table.add("input", &input_, "the questions; - is standard input");
  input.scope = Scope::kPositional;
  input.value_name = "FILE";
  table.begin_group("Questions");
  declare_questions(table);
  table.begin_group("Answers");
  Option& top_k = table.add("top_k", &options_.top_k, "items per answer");
  top_k.scope = Scope::kSession;
  top_k.short_flag = 'k';
  table.add("filter_seen", &options_.filter_seen, "leave out the items of the history").scope =
      Scope::kSession;
  Option& candidates =
      table.add("candidates", &candidates_, "rank only the items of this file, an id a line");
  candidates.scope = Scope::kFlagOnly;
  candidates.value_name = "FILE";
  table
      .add("explain",
           &explain_,
           "add the interest experts that a history called up, and what they read in it")
      .scope = Scope::kFlagOnly;
  table.add("explain_events", &explain_events_, "events shown of what an expert read").scope =
      Scope::kFlagOnly;
  declare_output(table, format_, "jsonl", "jsonl (a record a line), tsv (a row an item) or table");
  table.begin_group("Vectors, instead of answers");
  Option& embeddings =
      table.add("embeddings",
                &embeddings_,
                "items, or users: their states, of FILE's questions or of all users");
  embeddings.scope = Scope::kFlagOnly;
  embeddings.value_name = "OF";
  Option& out = table.add("out", &out_, "where the vectors go, .npy; their ids beside, .ids.txt");
  out.scope = Scope::kFlagOnly;
  out.value_name = "FILE";
  declare_session(table, session_);
}

void PredictCommand::declare_questions(OptionTable& table) {
  table.add("users", &users_, "a line that is not JSON is a user id (the default)").scope =
      Scope::kFlagOnly;
  table.add("histories", &histories_, "a line that is not JSON is a history: item ids").scope =
      Scope::kFlagOnly;
  table.add("similar", &similar_, "a line that is not JSON is an item id, asking for nearest items")
      .scope = Scope::kFlagOnly;
  declare_place(table, place_);
  table.add("stream", &stream_, "a line is an event; see above").scope = Scope::kFlagOnly;
  table
      .add("from_data",
           &from_data_,
           "a user who is new to the stream has had all events that the data holds")
      .scope = Scope::kFlagOnly;
  table
      .add("resume",
           &resume_,
           "the stream's input again from its beginning: skip the lines that the states hold")
      .scope = Scope::kFlagOnly;
  table.add("save_every_s", &save_every_s_, "seconds between saves of the streams' states").scope =
      Scope::kFlagOnly;
}

void PredictCommand::refuse(const OptionTable& table,
                            const std::string& beside,
                            const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const Option& option = table.find(key);
    if (option.source == option.flag()) {
      throw UsageError(option.flag(), " has no effect with ", beside, "; leave one of them out");
    }
  }
}

void PredictCommand::check_options(const OptionTable& table) const {
  if (int{users_} + int{histories_} + int{similar_} > 1) {
    throw UsageError("--users, --histories and --similar exclude each other");
  }
  if (stream_) {
    refuse(table,
           "--stream",
           {"users", "histories", "similar", "candidates", "explain", "embeddings"});
  } else if (from_data_ || resume_) {
    throw UsageError(from_data_ ? "--from-data" : "--resume", " is for --stream");
  }
  if (embeddings_.empty() != out_.empty()) {
    throw UsageError("--embeddings items|users and --out FILE.npy go together");
  }
  if (!embeddings_.empty()) {
    if (embeddings_ != "items" && embeddings_ != "users") {
      throw UsageError("--embeddings: expected items or users, got \"",
                       embeddings_,
                       "\"",
                       did_you_mean(embeddings_, {"items", "users"}));
    }
    refuse(table,
           "--embeddings",
           {"similar", "candidates", "explain", "top_k", "filter_seen", "output", "json"});
    if (embeddings_ == "items" && table.find("input").source != "default") {
      throw UsageError("--embeddings items takes no questions; leave out ", input_);
    }
  }
  if (explain_ && chosen_format(format_) == "tsv") {
    throw UsageError("--explain: expected -o jsonl or table, got tsv");
  }
  if (!explain_ && table.find("explain_events").source != "default") {
    throw UsageError("--explain-events is for --explain");
  }
  if (explain_events_ < 1) {
    throw UsageError("--explain-events: expected 1 or more, got ", explain_events_);
  }
  if (candidates_ == "-") {
    throw UsageError("--candidates: expected a file; standard input is for the questions");
  }
}

int PredictCommand::run(const OptionTable& table) {
  check_options(table);
  writer_ = make_answer_writer(chosen_format(format_));
  const Device device = start_session(session_);
  train::SavedModel saved = train::load_saved_model(run_, device);
  if (explain_) {
    require_experts(saved.model->config());
  }
  recommender_ = std::make_unique<Recommender>(
      std::move(saved.model), train::read_items(run_ + "/items.tsv"), options_);
  known_users_ = std::make_unique<KnownUsers>(run_, place_);
  if (stream_) {
    return stream();
  }
  if (!embeddings_.empty()) {
    return export_embeddings(table.find("input").source != "default");
  }
  if (!candidates_.empty()) {
    read_candidates();
  }
  return answer_questions();
}

void PredictCommand::note(const std::string& text) const {
  if (!text.empty()) {
    ProgressLine(session_.quiet).message(text);
  }
}

PlainLine PredictCommand::plain_line() const {
  if (similar_) {
    return PlainLine::kItem;
  }
  return histories_ ? PlainLine::kHistory : PlainLine::kUser;
}

void PredictCommand::read_candidates() {
  std::vector<std::string> ids;
  LineReader reader(candidates_);
  while (auto line = reader.next()) {
    if (!line->empty()) {
      ids.push_back(std::move(*line));
    }
  }
  KnownItems known = recommender_->look_up(ids);
  if (known.items.empty()) {
    throw DataError(candidates_,
                    ": expected item ids, one a line; none of the ",
                    ids.size(),
                    " is known to the model");
  }
  if (known.unknown > 0) {
    note(fmt::format("{}: {} of {} candidates are unknown: {}{}",
                     candidates_,
                     known.unknown,
                     ids.size(),
                     fmt::join(known.unknown_ids, ", "),
                     std::ssize(known.unknown_ids) < known.unknown ? ", ..." : ""));
  }
  std::sort(known.items.begin(), known.items.end());
  known.items.erase(std::unique(known.items.begin(), known.items.end()), known.items.end());
  recommender_->set_candidates(std::move(known.items));
}

int PredictCommand::answer_questions() {
  LineReader reader(input_);
  if (input_ == "-" && isatty(STDIN_FILENO) == 1) {
    const char* what = "one user id a line; Ctrl-D ends";
    if (plain_line() != PlainLine::kUser) {
      what = similar_ ? "one item id a line; Ctrl-D ends"
                      : "item ids, oldest first, one history a line; Ctrl-D ends";
    }
    note(what);
  }
  Questions questions(reader, plain_line(), *recommender_, *known_users_);
  questions.for_each_batch([this](Questions::Batch& batch) { answer(batch); });
  note(questions.finish());
  return 0;
}

void PredictCommand::answer(Questions::Batch& batch) {
  std::vector<Request> requests;
  for (const Question& question : batch) {
    if (question.has_answer()) {
      requests.push_back(question.request());
    }
  }
  auto recommended = recommender_->recommend(requests);
  auto next = recommended.begin();
  for (Question& question : batch) {
    if (question.has_answer()) {
      question.answer.items = std::move(*next++);
      if (explain_ && question.item == 0) {
        question.answer.experts = explain(*recommender_, question.history, explain_events_);
      }
    }
    writer_->write(question.answer, output_);
  }
  output_.flush();
}

int PredictCommand::export_embeddings(bool of_questions) {
  EmbeddingExport out(out_, *recommender_);
  std::string remark;
  if (embeddings_ == "items") {
    out.add_items();
  } else if (!of_questions) {
    out.add_users(known_users_->dataset());
  } else {
    LineReader reader(input_);
    Questions questions(reader, plain_line(), *recommender_, *known_users_);
    questions.for_each_batch([&](const Questions::Batch& batch) {
      out.add_questions(batch, [this](const std::string& text) { note(text); });
    });
    remark = questions.finish();
  }
  out.commit();
  note(remark);
  note(out.summary());
  return 0;
}

int PredictCommand::stream() {
  StreamSession::EarlierEvents earlier;
  if (from_data_) {
    const data::Dataset& dataset = known_users_->dataset();
    earlier = [&dataset](const std::string& user) -> std::vector<std::int32_t> {
      const auto found = dataset.find_user(user);
      if (!found) {
        return {};
      }
      const auto events = dataset.sequence(*found);
      return {events.begin(), events.end()};
    };
  }
  StreamSession session(run_, *recommender_, std::move(earlier));
  const std::int64_t users_before = session.num_users();
  if (users_before > 0) {
    note(fmt::format("{}: going on with {} users", session.states_path(), users_before));
  }
  const SaveSignal save_signal;
  LineReader reader(input_, &StopSignals::received());
  if (resume_) {
    const std::int64_t skipped = session.skip_read_lines(reader);
    note(fmt::format("{}: {} lines were read before", reader.name(), skipped));
  }
  const StopSignals signals;
  session.run(reader, *writer_, output_, save_every_s_);
  if (const int signal = StopSignals::received()) {
    note(fmt::format(
        "{}: the states of {} users are saved", session.states_path(), session.num_users()));
    return 128 + signal;
  }
  note(judge_lines(
      reader.name(), session.num_answered(), session.num_unanswered(), session.num_malformed()));
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_predict_command() {
  return std::make_unique<PredictCommand>();
}

}  // namespace elastic::cli
