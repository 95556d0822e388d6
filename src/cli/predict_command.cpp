#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "cli/answer_writer.h"
#include "cli/command.h"
#include "cli/line_reader.h"
#include "cli/output.h"
#include "cli/output_format.h"
#include "cli/progress_line.h"
#include "cli/query.h"
#include "cli/recommender.h"
#include "cli/run_files.h"
#include "cli/session_options.h"
#include "cli/stop_signals.h"
#include "cli/stream_session.h"
#include "train/run_directory.h"
#include "train/saved_model.h"

namespace elastic::cli {
namespace {

constexpr const char* kDescription =
    "recommend items for known users or for any history\n"
    "\n"
    "  echo 42 | elastic predict runs/first -o table\n"
    "  echo '{\"history\": [\"50\", \"181\", \"172\"]}' | elastic predict runs/first --top-k 5\n"
    "  cut -f2 new_users.tsv | elastic predict runs/first --histories -o tsv\n"
    "\n"
    "Reads a line per question: {\"user\": id}, {\"history\": [item, ...]} oldest first, a user "
    "id, or\n"
    "with --histories item ids separated by blanks. Answers in the same order, each as soon as "
    "the\n"
    "input pauses. A known user's history is all that the data holds, held-out events included; "
    "only\n"
    "this needs the data file. Items that the model does not know are skipped and counted.\n"
    "\n"
    "--stream reads events as they happen, {\"user\": id, \"item\": id} or `user item`, and "
    "answers each:\n"
    "what it keeps of a user is a state of fixed size, not the history, and the cost of an event "
    "does\n"
    "not grow. For models with such a state (elastic-causal, gsa) trained with --position none. "
    "States\n"
    "are kept in the run directory, and gone on from the next time.\n"
    "\n"
    "A question that has no answer gets a record with an error, and the rest goes on. The exit "
    "code\n"
    "is 3 if a line could not be understood, or if no question had an answer.";

// A batch is answered at the latest when its histories hold so many events, or lines.
constexpr std::size_t kBatchEvents = 16384;
constexpr std::size_t kBatchLines = 512;

// A question on its way to its answer.
struct Pending {
  Answer answer;
  std::vector<std::int32_t> history;  ///< empty when the answer is an error
};

bool asks_for_user(const Query& query) {
  return query.error.empty() && !query.history;
}

class PredictCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "predict"; }
  [[nodiscard]] std::string description() const override { return kDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  void read_known_users();
  Pending prepare(const Query& query);
  void answer_all(std::vector<Pending>& batch);
  int stream();
  [[nodiscard]] int finish(const std::string& input) const;

  std::string run_;
  std::string input_ = "-";
  DataPlace place_;
  bool users_ = false;
  bool histories_ = false;
  bool stream_ = false;
  bool from_data_ = false;
  double save_every_s_ = 60.0;
  RecommendOptions options_;
  OutputFormat format_;
  SessionOptions session_;

  std::unique_ptr<Recommender> recommender_;
  std::optional<RunData> data_read_;  ///< read when the first user is asked for
  std::unique_ptr<AnswerWriter> writer_;
  Output output_;
  std::int64_t num_answered_ = 0;
  std::int64_t num_unanswered_ = 0;  ///< understood, but the user or all items are unknown
  std::int64_t num_malformed_ = 0;
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
  table.add("users", &users_, "a line that is not JSON is a user id (the default)").scope =
      Scope::kFlagOnly;
  table.add("histories", &histories_, "a line that is not JSON is a history: item ids").scope =
      Scope::kFlagOnly;
  declare_place(table, place_);
  table.add("stream", &stream_, "a line is an event; see above").scope = Scope::kFlagOnly;
  table
      .add("from_data",
           &from_data_,
           "a user who is new to the stream has had all events that the data holds")
      .scope = Scope::kFlagOnly;
  table.add("save_every_s", &save_every_s_, "seconds between saves of the streams' states").scope =
      Scope::kFlagOnly;
  table.begin_group("Answers");
  Option& top_k = table.add("top_k", &options_.top_k, "items per answer");
  top_k.scope = Scope::kSession;
  top_k.short_flag = 'k';
  table.add("filter_seen", &options_.filter_seen, "leave out the items of the history").scope =
      Scope::kSession;
  declare_output(table, format_, "jsonl", "jsonl (a record a line), tsv (a row an item) or table");
  declare_session(table, session_);
}

int PredictCommand::run(const OptionTable&) {
  if (users_ && histories_) {
    throw UsageError("--users and --histories exclude each other");
  }
  if (stream_ && (users_ || histories_)) {
    throw UsageError("--stream takes neither --users nor --histories");
  }
  if (from_data_ && !stream_) {
    throw UsageError("--from-data is for --stream");
  }
  writer_ = make_answer_writer(chosen_format(format_));
  const Device device = start_session(session_);
  train::SavedModel saved = train::load_saved_model(run_, device);
  recommender_ = std::make_unique<Recommender>(
      std::move(saved.model), train::read_items(run_ + "/items.tsv"), options_);

  if (stream_) {
    return stream();
  }
  LineReader reader(input_);
  if (input_ == "-" && isatty(STDIN_FILENO) == 1) {
    ProgressLine(session_.quiet)
        .message(histories_ ? "item ids, oldest first, one history a line; Ctrl-D ends"
                            : "one user id a line; Ctrl-D ends");
  }
  std::vector<Pending> batch;
  std::size_t events = 0;
  while (const auto line = reader.next()) {
    const PlainLine plain = histories_ ? PlainLine::kHistory : PlainLine::kUser;
    const Query query = parse_query(*line, plain, reader.line_number());
    if (asks_for_user(query) && !data_read_) {
      answer_all(batch);  // reading the data takes a while, and may fail
      read_known_users();
    }
    batch.push_back(prepare(query));
    events += batch.back().history.size();
    if (events >= kBatchEvents || batch.size() >= kBatchLines || !reader.ready()) {
      answer_all(batch);
      events = 0;
    }
  }
  answer_all(batch);
  return finish(reader.name());
}

int PredictCommand::stream() {
  StreamSession::EarlierEvents earlier;
  if (from_data_) {
    read_known_users();
    earlier = [this](const std::string& user) -> std::vector<std::int32_t> {
      const data::Dataset& dataset = data_read_->split.dataset();
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
    ProgressLine(session_.quiet)
        .message(fmt::format("{}: going on with {} users", session.states_path(), users_before));
  }
  const StopSignals signals;
  LineReader reader(input_, &StopSignals::received());
  session.run(reader, *writer_, output_, save_every_s_);
  num_answered_ = session.num_answered();
  num_unanswered_ = session.num_unanswered();
  num_malformed_ = session.num_malformed();
  if (const int signal = StopSignals::received()) {
    ProgressLine(session_.quiet)
        .message(fmt::format(
            "{}: the states of {} users are saved", session.states_path(), session.num_users()));
    return 128 + signal;
  }
  return finish(reader.name());
}

void PredictCommand::read_known_users() {
  // Training and evaluation tell what they read; here it is the same again.
  data_read_.emplace(read_data_again(run_, place_, [](const std::string&) {}));
}

Pending PredictCommand::prepare(const Query& query) {
  Pending pending;
  Answer& answer = pending.answer;
  answer.line = query.line;
  answer.user = query.user;
  answer.error = query.error;
  if (!query.error.empty()) {
    ++num_malformed_;
    return pending;
  }
  if (query.history) {
    KnownHistory known = recommender_->look_up(*query.history);
    pending.history = std::move(known.items);
    answer.unknown = known.unknown;
    if (query.history->empty()) {
      answer.error = "an empty history";
    } else if (pending.history.empty()) {
      answer.error = "no item of the history is known";
    }
  } else {
    const data::Dataset& dataset = data_read_->split.dataset();
    if (const auto user = dataset.find_user(*query.user)) {
      const auto history = dataset.sequence(*user);
      pending.history.assign(history.begin(), history.end());
    } else {
      answer.error = "unknown user";
    }
  }
  ++(answer.error.empty() ? num_answered_ : num_unanswered_);
  return pending;
}

void PredictCommand::answer_all(std::vector<Pending>& batch) {
  std::vector<std::span<const std::int32_t>> histories;
  for (const Pending& pending : batch) {
    if (pending.answer.error.empty()) {
      histories.emplace_back(pending.history);
    }
  }
  auto recommended = recommender_->recommend(histories);
  auto next = recommended.begin();
  for (Pending& pending : batch) {
    if (pending.answer.error.empty()) {
      pending.answer.items = std::move(*next++);
    }
    writer_->write(pending.answer, output_);
  }
  output_.flush();
  batch.clear();
}

int PredictCommand::finish(const std::string& input) const {
  const std::int64_t lines = num_answered_ + num_unanswered_ + num_malformed_;
  const bool nothing = lines > 0 && num_answered_ == 0;
  if (num_malformed_ > 0 || nothing) {
    throw DataError(input,
                    ": ",
                    num_malformed_,
                    " of ",
                    lines,
                    " lines could not be understood, ",
                    num_unanswered_,
                    " asked for what is not known");
  }
  if (num_unanswered_ > 0) {
    ProgressLine(session_.quiet)
        .message(fmt::format(
            "{}: {} of {} lines asked for what is not known", input, num_unanswered_, lines));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_predict_command() {
  return std::make_unique<PredictCommand>();
}

}  // namespace elastic::cli
