#include <memory>
#include <optional>
#include <utility>

#include "cli/asking/answer_writer.h"
#include "cli/asking/item_lists.h"
#include "cli/asking/known_users.h"
#include "cli/asking/new_items.h"
#include "cli/asking/query.h"
#include "cli/asking/recommender.h"
#include "cli/asking/run_log_format.h"
#include "cli/commands/predict/plain_lines.h"
#include "cli/commands/predict/predict_call.h"
#include "cli/commands/predict/question_mode.h"
#include "cli/commands/predict/stream_mode.h"
#include "cli/commands/predict/vector_mode.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/runs/histories.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_list.h"
#include "cli/runs/run_rules.h"
#include "cli/runs/seen_items_warning.h"
#include "cli/usage/command.h"
#include "train/items_file.h"
#include "train/saved_model.h"

namespace elastic::cli {
namespace {

constexpr const char* kPredictDescription = R"(recommend items for known users or for any history

  echo 42 | elastic predict runs/first -o table
  echo '{"history": ["50", "181", "172"]}' | elastic predict runs/first --top-k 5
  cut -f2 new_users.tsv | elastic predict runs/first --histories -o tsv
  echo 50 | elastic predict runs/first --similar
  elastic predict runs/first --embeddings users --out users.npy

Reads a question per line: {"user": id}, {"history": [item, ...]} with the oldest item first, or
{"item": id} for its nearest items; the keys of a log of objects will do, too. A line that is not
JSON is a row of the log that the run was trained on, which asks about its user or its history, or
else a user id; with --histories item ids separated by blanks, with --similar an item id.
"candidates": [item, ...] in a question ranks only these items, "exclude": [item, ...] leaves these
out, and "k": 5 asks for as many. A model trained with --time-features needs "times": [time, ...]
with a history, and "time" with asked: seconds, or dates of ISO 8601. Answers in the order of the
questions, whenever the input pauses. The history of a known user is all events in the data,
held-out events included; only such questions need the data file. --data may name a later log, with
new users, events and items. Items that the model does not know are skipped and counted. Blank lines
are skipped.

--new-items FILE adds items to a model that was trained with --item-vectors. They need no event in
the training: their features suffice to recommend them, and to read them in histories.

--stream reads events as they happen and answers each. A line in the form of the log is an event
(the same columns, keys, separators, lists and conditions; headers are skipped; ratings are not
read, and times only by models with --time-features). A line that the log could not hold is {"user": id, "item": id}, `user item`, or a
user id that only asks. A user's events count in the order in which they arrive. A user has a
state of fixed size, not a history, so the cost of an event does not grow. This needs a model with
such a state (elastic-causal, fuxi-linear, gsa), trained with --position none. The states are saved
in the run directory, and the next call continues from them; SIGUSR1 saves them at once. After a
crash, give the same input again with --resume: no event is lost or counted twice.

A question without an answer gets a record with an error, and the next questions are answered. The
exit code is 3 if a line was invalid, or if no question had an answer.)";

class PredictCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "predict"; }
  [[nodiscard]] std::string description() const override { return kPredictDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override {
    return run_rules_layer(runs_.first(), {"filter_seen"});
  }
  int run(const OptionTable& table) override;

 private:
  void check_options(const OptionTable& table) const;

  RunList runs_;
  std::string input_ = "-";
  PlainLines lines_;
  DataPlace place_;
  StreamMode stream_;
  RecommendOptions options_;
  ItemLists lists_;
  NewItems new_items_;
  QuestionMode questions_;
  OutputFormat<AnswerFormat> format_;
  VectorMode vectors_;
  SessionOptions session_;
};

void PredictCommand::declare(OptionTable& table) {
  runs_.declare(table);
  table.add("input", &input_, "the questions; - is standard input").positional("FILE");
  table.begin_group("Questions");
  lines_.declare(table);
  questions_.declare_whole(table);
  declare_histories(table, place_);
  stream_.declare(table);
  table.begin_group("Answers");
  table.add("top_k", &options_.top_k, "items per answer")
      .within(counts_from(1))
      .session()
      .letter('k');
  take_from_run(
      table.add("filter_seen", &options_.filter_seen, "leave out the items of the history"));
  lists_.declare(table);
  new_items_.declare(table);
  questions_.declare(table);
  declare_output(table, format_);
  vectors_.declare(table);
  declare_session(table, session_);
}

void PredictCommand::check_options(const OptionTable& table) const {
  lines_.check();
  lists_.check();
  new_items_.check(runs_);
  new_items_.check_events(stream_.chosen(), "leave out --stream");
  stream_.check(table);
  vectors_.check(table, input_);
  questions_.check(table, format_.chosen());
}

int PredictCommand::run(const OptionTable& table) {
  check_options(table);
  const auto writer = make_answer_writer(format_.chosen());
  const Device device = start_session(session_);
  const std::string run = runs_.first();
  train::SavedModel saved = runs_.load(device);
  questions_.check_model(saved.model->config());
  const auto note = [this](const std::string& text) {
    if (!text.empty()) {
      ProgressLine(session_.quiet).message(text);
    }
  };
  std::vector<train::ItemName> names =
      train::read_items(file_of(run, train::kItemsFile), saved.info.identity.items_hash);
  new_items_.add_to(saved, names, note);
  Recommender recommender(std::move(saved.model), std::move(names), options_);
  Output output;
  KnownUsers known_users(run, place_, recommender, note);
  note(seen_items_warning(saved.info.train_seen, options_.filter_seen));
  lists_.apply(recommender, note);
  QueryParser parser(stream_.chosen() ? PlainLine::kEvent : lines_.meaning(),
                     read_log_format(run),
                     question_times(run, recommender.config()));
  PredictCall call{run,
                   input_,
                   table.find("input").is_set(),
                   parser,
                   recommender,
                   known_users,
                   *writer,
                   output,
                   note};
  if (stream_.chosen()) {
    return stream_.run(call);
  }
  return vectors_.chosen() ? vectors_.run(call) : questions_.run(call);
}

}  // namespace

std::unique_ptr<Command> make_predict_command() {
  return std::make_unique<PredictCommand>();
}

}  // namespace elastic::cli
